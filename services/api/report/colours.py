"""The few colours of a report."""

from reportlab.lib.colors import HexColor

INK, GREY, LINE, SHADE, ACCENT = map(HexColor, ("#1f2933", "#667380", "#cfd6dd", "#f3f5f7", "#2b6ca3"))
