"""Writes the book's formulas, LaTeX here, as MathML that a browser renders by itself.

`uv run --group book python book/make_formulas.py` writes book/src/formulas/; a chapter
includes them by name.
"""

from pathlib import Path

from latex2mathml.converter import convert

FOLDER = Path(__file__).parent / "src" / "formulas"

FORMULAS = {
    "head_dim": r"d_\text{head} = \frac{n_\text{embd}}{n_\text{head}}",
    "parameters": (
        r"\underbrace{V d}_\text{tokens} + \underbrace{P d}_\text{positions}"
        r" + L (\underbrace{4 d^2 + 4 d}_\text{attention} + \underbrace{8 d^2 + 5 d}_\text{MLP}"
        r" + \underbrace{4 d}_\text{norms}) + \underbrace{2 d}_\text{last norm}"
    ),
    "causal_mask": (
        r"M_{ij} = \begin{cases} 0 & j \le p + i \\ -\infty & \text{otherwise} \end{cases}"
    ),
    "moments": (
        r"\mu = \frac{1}{d} \sum_{i=1}^{d} x_i \qquad"
        r"\sigma^2 = \frac{1}{d} \sum_{i=1}^{d} (x_i - \mu)^2"
    ),
    "layer_norm": (
        r"\text{LayerNorm}(x) = w \odot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + b"
    ),
    "mlp": r"\text{MLP}(x) = W_2 \; \text{GELU}(W_1 x + b_1) + b_2",
    "gelu": (
        r"\text{GELU}(x) = x \, \Phi(x) \approx \frac{x}{2}"
        r"\left( 1 + \tanh\left( \sqrt{\frac{2}{\pi}} \, (x + 0.044715 \, x^3) \right) \right)"
    ),
    "token_embedding": r"x_t = E_{\text{id}_t}",
    "embedding_sum": r"x_t = E_{\text{id}_t} + P_t",
    "attention": (
        r"\text{attend}(Q, K, V) = \text{softmax}"
        r"\left( \frac{Q K^{T}}{\sqrt{d_\text{head}}} + M \right) V"
    ),
    "residual": r"y = x + f(\text{norm}(x))",
    "residual_gradient": (
        r"\frac{\partial y}{\partial x} = 1 + \frac{\partial}{\partial x} f(\text{norm}(x))"
    ),
    "block": (
        r"\begin{array}{rl} y = & x + \text{attn}(\text{ln}_1(x)) \\"
        r" z = & y + \text{mlp}(\text{ln}_2(y)) \end{array}"
    ),
    "stack": (
        r"\begin{array}{rl} x^{(0)} = & E_\text{ids} + P \\"
        r" x^{(l+1)} = & \text{block}_l (x^{(l)}) \quad l = 0, \dots, L - 1 \\"
        r" h = & \text{ln}_f (x^{(L)}) \end{array}"
    ),
    "logits": r"z = h E^{T} \qquad z_v = \sum_{i=1}^{d} h_i E_{v i}",
    "temperature": r"p_v = \frac{\exp(z_v / T)}{\sum_u \exp(z_u / T)}",
    "cost": (
        r"\sum_{g=0}^{G-1} \left( a \, (L + g) + b \, (L + g)^2 \right)"
        r" \; \in \; O(G \, (L + G)^2)"
    ),
    "speculation": (
        r"\underbrace{\min(p_v, q_v)}_\text{guessed and kept}"
        r" + \underbrace{\max(0, p_v - q_v)}_\text{drawn instead of a guess} = p_v"
    ),
}


def mathml(name: str) -> str:
    """One formula as a block of MathML, on a line of its own."""
    return convert(FORMULAS[name], display="block") + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.html"):
        old.unlink()
    for name in FORMULAS:
        (FOLDER / f"{name}.html").write_text(mathml(name), encoding="utf-8")


if __name__ == "__main__":
    main()
