// What the widgets share: how they start, and how they write a token.
(function () {
  "use strict";

  // Starts every widget of this name once, however often a page has its script.
  function start(name, begin) {
    for (const root of document.querySelectorAll(`[data-widget=${name}]:not([data-started])`)) {
      root.dataset.started = "";
      // A key that moves a slider is not for the page, which would open its search at an s.
      root.addEventListener("keydown", (event) => event.stopPropagation());
      begin(root);
    }
  }

  // Spaces and line breaks as signs that one can see.
  function visible(token) {
    return token.replaceAll(" ", "␣").replaceAll("\n", "⏎");
  }

  window.Widget = { start, visible };
})();
