#!/usr/bin/env python3
"""Prints standard input, and puts it into benches/README.md as the section NAME: bench-section.py NAME"""

import pathlib
import re
import sys

name, text = sys.argv[1], sys.stdin.read()
path = pathlib.Path(__file__).parent.parent / "benches/README.md"
begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
section = begin + "\n" + text + "\n" + end
document = path.read_text(encoding="utf-8")
there = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
if there.search(document):
    document = there.sub(lambda _: section, document)
else:
    document = document.rstrip("\n") + "\n\n" + section
path.write_text(document, encoding="utf-8")
sys.stdout.write(text)
