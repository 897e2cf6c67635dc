"""The colors of the page by what they stand for, light and dark; what is legible on what is tested by computation."""

from __future__ import annotations

#: Name of the custom property: light, dark.
COLORS = {
    "page": ("#f6f7f9", "#101418"),
    "surface": ("#ffffff", "#181d23"),
    "sunken": ("#eef0f4", "#20262e"),
    "line": ("#d5dae2", "#333c48"),
    "edge": ("#7c8796", "#768396"),  # of what is operated
    "ink": ("#16202c", "#e6ebf1"),
    "muted": ("#535f6e", "#a4b0bf"),
    "link": ("#0b57a4", "#82b8f5"),
    "kept": ("#1b6ca8", "#5aa9e6"),
    "removed": ("#b3541e", "#e8935a"),
    "rejected": ("#76559f", "#b494dd"),
    "predicted": ("#8793a3", "#75839a"),
    "mark": ("#ffe9a8", "#57430a"),
    "mark-edge": ("#8a6100", "#f0c64b"),
    "del": ("#fde4da", "#4a2416"),
    "del-ink": ("#84310a", "#f9bc9c"),
    "ins": ("#d9eefc", "#12354f"),
    "ins-ink": ("#0a4877", "#a6d6fb"),
    "notice": ("#fff6dc", "#2e2710"),
}
#: What is read: the text's color on the ground's color.
TEXTS = (
    *((ink, ground) for ink in ("ink", "muted", "link") for ground in ("page", "surface", "sunken")),
    *((ink, ground) for ink in ("kept", "removed", "rejected") for ground in ("page", "surface")),
    ("ink", "mark"),
    ("del-ink", "del"),
    ("ins-ink", "ins"),
    ("ink", "notice"),
    ("muted", "notice"),
)
#: What is told by shape and color, and must stand out from the ground.
SHAPES = (
    *((shape, "surface") for shape in ("kept", "removed", "rejected", "predicted", "edge", "mark-edge")),
    ("mark-edge", "mark"),
    ("edge", "page"),
)


def write_css() -> str:
    """The custom properties: light, dark where the reader's system or button says so, light on paper."""
    light, dark = (";".join(f"--{name}:{both[i]}" for name, both in COLORS.items()) for i in (0, 1))
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
    )


def measure_contrast(first: str, second: str) -> float:
    """The contrast of two colors `#rrggbb` by WCAG 2.2: 1 to 21."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
