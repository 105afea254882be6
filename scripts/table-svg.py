#!/usr/bin/env python3
"""Draws what a command writes to a terminal: docs/table.svg, the picture in the README.

    cargo build && scripts/table-svg.py > docs/table.svg

Runs the program on a terminal of its own (118 columns) and knows no more of a terminal than the program uses: lines,
and the colours of src/output/paint.rs. Each run of text is stretched to whole cells, so that columns line up in any
font; nothing is loaded from anywhere.
"""

import fcntl, html, os, pty, re, struct, sys, termios

SHOWN = "auditlog events --demo --min-severity high --limit 14"
ARGS = [*SHOWN.split()[1:], "--utc"]
COLUMNS, CELL, LINE, PAD, TOP = 118, 8.0, 19, 18, 44
COLORS = {"31": "#ff7b72", "33": "#e3b341", "35": "#d2a8ff"}


def output(program):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", HOME="/nonexistent", COLUMNS=str(COLUMNS))
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        os.execv(program, [program, *ARGS])
    text = b""
    try:
        while part := os.read(terminal, 65536):
            text += part
    except OSError:  # Linux ends a terminal so.
        pass
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        sys.exit(text.decode())
    return text.decode().replace("\r", "").rstrip("\n").split("\n")


def style(codes):
    """SVG attributes of an SGR sequence; an unknown one is an error, not a wrong colour."""
    out = ""
    for code in codes.split(";"):
        if code == "1":
            out += ' font-weight="bold"'
        elif code == "2":
            out += ' fill="#8b949e"'
        elif code in COLORS:
            out += f' fill="{COLORS[code]}"'
        elif code not in ("", "0"):
            sys.exit(f"unknown colour {code}")
    return out


def drawn(line, row):
    attributes, column = "", 0
    for codes, text in re.findall(r"\x1b\[([\d;]*)m|([^\x1b]+)", line):
        if not text:
            attributes = style(codes)
        # Words apart by two blanks are runs of their own: blanks at an edge have no width in SVG.
        for word in re.finditer(r"\S+(?: \S+)*", text):
            x, y = PAD + (column + word.start()) * CELL, TOP + (row + 1) * LINE
            width = len(word[0]) * CELL
            yield (
                f'<text x="{x:g}" y="{y}" textLength="{width:g}" lengthAdjust="spacingAndGlyphs"'
                f"{attributes}>{html.escape(word[0])}</text>"
            )
        column += len(text)


lines = [f"$ {SHOWN}", *output(os.path.abspath(sys.argv[1] if sys.argv[1:] else "target/debug/auditlog"))]
width, height = 2 * PAD + COLUMNS * CELL, TOP + (len(lines) + 1) * LINE
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" height="{height}">')
print("<title>A table of audit events on a terminal</title>")
print(f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1}" rx="9" fill="#0d1117" stroke="#6e7681"/>')
for at, color in enumerate(["#ff5f57", "#febc2e", "#28c840"]):
    print(f'<circle cx="{PAD + 6 + at * 20}" cy="21" r="6" fill="{color}"/>')
print('<g fill="#e6edf3" font-size="13" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace">')
for row, line in enumerate(lines):
    print("\n".join(drawn(line, row)))
print("</g>\n</svg>")
