// What the page does beside mdBook's search: colours code, copies it, changes the theme, folds the
// sidebar. It takes the place of mdBook's own script, which not every build of mdBook carries: what
// lies in src/ is copied last.
"use strict";

(function () {
  const remember = (name, value) => {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, value);
    } catch {
      // A browser may forbid it; then the choice lasts as long as the page.
    }
  };

  const languages = ["python", "mojo", "sh"].map((name) => `pre > code.language-${name}`);
  document.querySelectorAll(languages.join()).forEach((code) => {
    code.classList.replace("language-mojo", "language-python"); // its words are nearly the same
    (hljs.highlightElement || hljs.highlightBlock)(code);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "selected";
      }
      setTimeout(() => (button.textContent = "copy"), 1500);
    });
    code.parentElement.append(button);
  });

  const html = document.documentElement;
  const themes = document.getElementById("theme-list");
  const themeToggle = document.getElementById("theme-toggle");
  const themeNames = [...themes.querySelectorAll(".theme")].map((button) => button.id);
  const darkSheets = { "tomorrow-night-css": ["coal", "navy"], "ayu-highlight-css": ["ayu"] };

  function showTheme(theme) {
    html.classList.remove(...themeNames);
    html.classList.add(theme);
    let light = true;
    for (const [sheet, dark] of Object.entries(darkSheets)) {
      const used = dark.includes(theme);
      document.getElementById(sheet).disabled = !used;
      light = light && !used;
    }
    document.getElementById("highlight-css").disabled = !light;
  }

  function openThemes(open) {
    themes.style.display = open ? "block" : "none";
    themeToggle.setAttribute("aria-expanded", open);
    if (open) {
      themes.querySelector(".theme").focus();
    }
  }

  showTheme(themeNames.find((name) => html.classList.contains(name)) || default_light_theme);
  themeToggle.addEventListener("click", () => openThemes(themes.style.display !== "block"));
  themes.addEventListener("click", (event) => {
    const theme = event.target.closest(".theme")?.id;
    if (theme === "default_theme") {
      remember("mdbook-theme", null);
      showTheme(matchMedia("(prefers-color-scheme: dark)").matches
        ? default_dark_theme : default_light_theme);
    } else if (theme) {
      remember("mdbook-theme", theme);
      showTheme(theme);
    }
    openThemes(false);
    themeToggle.focus();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#theme-list, #theme-toggle")) {
      openThemes(false);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && themes.style.display === "block") {
      openThemes(false);
      themeToggle.focus();
    }
  });

  const sidebar = document.getElementById("sidebar");
  const sidebarToggle = document.getElementById("sidebar-toggle-anchor");

  function showSidebar() {
    const state = sidebarToggle.checked ? "visible" : "hidden";
    html.classList.remove("sidebar-visible", "sidebar-hidden");
    html.classList.add(`sidebar-${state}`);
    sidebar.setAttribute("aria-hidden", !sidebarToggle.checked);
    sidebar.querySelectorAll("a").forEach((link) => {
      link.tabIndex = sidebarToggle.checked ? 0 : -1;
    });
    document.getElementById("sidebar-toggle").setAttribute("aria-expanded", sidebarToggle.checked);
    remember("mdbook-sidebar", state);
  }

  sidebarToggle.addEventListener("change", showSidebar);
})();
