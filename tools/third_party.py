#!/usr/bin/env python3
"""third_party.py [--check]: writes THIRD-PARTY.txt, or fails if it is not up to date.

It lists every crate that is linked into the shared library on Linux (x86-64), with the licence under which it is used and
the licence's text, the Rust standard library, and what tools/portable.sh links. Build scripts and proc macros are not part
of the library.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE = ROOT / "THIRD-PARTY.txt"
TARGET = "x86_64-unknown-linux-gnu"
# Where a crate offers a choice, the first of these that it offers.
PREFERRED = ["MIT", "Apache-2.0"]
RULE = "=" * 80 + "\n"


def cargo(*arguments):
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked():
    """The names and versions of the crates that are linked."""
    tree = cargo("tree", "-e", "normal,no-proc-macro", "--features", "allocator", "--target", TARGET,
                 "--prefix", "none", "--format", "{p}")
    crates = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    return sorted((name, version.removeprefix("v")) for name, version in crates if name != "triton-client")


def choose(expression):
    """The licence that is used: the whole of an expression that leaves no choice."""
    if " AND " in expression:
        return expression
    offered = [licence.strip(" ()") for licence in re.split(r"\bOR\b|/", expression)]
    return next((licence for licence in PREFERRED if licence in offered), expression)


def text(package, licence):
    """The text of the licence, from the crate's files."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file()
                   and re.match(r"(licen[cs]e|copying|unlicense)", path.name, re.IGNORECASE))
    word = licence.split("-")[0].lower()
    named = files if " AND " in licence else [path for path in files if word in path.name.lower()]
    plain = [path for path in files if re.fullmatch(r"(licen[cs]e|copying)(\.(md|txt))?", path.name, re.IGNORECASE)]
    # A file without a licence in its name is the only one, or has all of them.
    chosen = named or plain
    if chosen:
        return "\n\n".join(path.read_text(encoding="utf-8").strip("\n") for path in chosen)
    authors = ", ".join(author.split(" <")[0] for author in package["authors"]) or f"the authors of {package['name']}"
    if licence == "MIT":
        return f"Copyright (c) {authors}\n\n{MIT}"
    if licence == "Apache-2.0":
        return (ROOT / "LICENSE").read_text(encoding="utf-8").strip("\n")
    sys.exit(f"{package['name']} {package['version']}: no text of {licence}")


MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

LLVM_EXCEPTION = """\
As an exception, if, as a result of your compiling your source code, portions of this Software are embedded into an Object
form of such source code, you may redistribute such embedded portions in such Object form without complying with the
conditions of Sections 4(a), 4(b) and 4(d) of the License.

In addition, if you combine or link compiled forms of this Software with software that is licensed under the GPLv2
("Combined Software") and if a court of competent jurisdiction determines that the patent provision (Section 3), the
indemnity provision (Section 9) or other Section of the License conflicts with the conditions of the GPLv2, you may
retroactively and prospectively choose to deem waived or otherwise exclude such Section(s) of the License, but only in their
entirety and only with respect to the Combined Software."""


def generate():
    packages = {(package["name"], package["version"]): package
                for package in json.loads(cargo("metadata", "--format-version", "1"))["packages"]}
    groups = {}  # Crates with the same text of the same licence share it.
    for crate in linked():
        package = packages[crate]
        licence = choose(package["license"] or "")
        words = text(package, licence)
        key = (licence, " ".join(words.split()))
        groups.setdefault(key, (words, []))[1].append(" ".join(crate))
    standard = "Copyright (c) The Rust Project Contributors\n\n" + MIT
    groups[("MIT", "standard library")] = (standard, ["the Rust standard library, and the crates that are part of it"])

    # What the linker adds to the library of the Java client.
    groups[("MIT", "compiler-rt")] = ("Copyright (c) Zig contributors\n\n" + MIT,
                                      ["Zig's compiler-rt, in the library of the Java client"])
    unwinder = "The text of Apache-2.0 is in the file LICENSE. The exception:\n\n" + LLVM_EXCEPTION
    groups[("Apache-2.0 WITH LLVM-exception", "unwinder")] = (unwinder,
                                                              ["LLVM's libunwind, in the library of the Java client"])

    out = ["Third-party software in libtriton_client\n\n"
           "The shared library contains the crates below and the Rust standard library, under the licences that follow; that of\n"
           "the Java client also contains the last two.\n"
           "Generated from Cargo.lock by `make third-party`. Do not edit.\n"]
    for (licence, _), (words, crates) in groups.items():
        lines = "".join(f"  {crate}\n" for crate in crates)
        words = "\n".join(line.rstrip() for line in words.splitlines())
        out.append(f"\n{RULE}{licence}\n{lines}{RULE}\n{words}\n")
    return "".join(out)


def main():
    generated = generate()
    if sys.argv[1:] == ["--check"]:
        if not FILE.exists() or FILE.read_text(encoding="utf-8") != generated:
            sys.exit("THIRD-PARTY.txt is not up to date: run `make third-party`")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        FILE.write_text(generated, encoding="utf-8")


main()
