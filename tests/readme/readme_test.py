#!/usr/bin/env python3
"""The README's commands work and its component is the one that is tested: readme_test.py WEIR SOURCE. Prints TAP."""

import os
import re
import subprocess
import sys
import tempfile

WEIR, SOURCE = map(os.path.abspath, sys.argv[1:3])
LIMIT_S = 120


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(text):
    """Each line of the README's shell blocks that is a command, in order."""
    for block in blocks(text, "sh"):
        for line in block.splitlines():
            if line and not line.startswith(("#", "export ")):
                yield line


def folder_like_the_root():
    """Commands write where they run: a folder that looks like the repository's root."""
    folder = tempfile.mkdtemp(prefix="weir-readme-")
    for name in ("deps", "examples", "include", "models"):
        os.symlink(os.path.join(SOURCE, name), os.path.join(folder, name))
    return folder


def main():
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        text = file.read()
    if not os.path.exists(os.path.join(SOURCE, "deps/clips/street.mp4")):
        print("1..0 # SKIP the clips are not there: scripts/setup.sh clip testclip model")
        return 0
    folder, count, failed = folder_like_the_root(), 0, 0
    environment = dict(os.environ, PATH=os.path.dirname(WEIR) + ":" + os.environ["PATH"])
    for command in commands(text):
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True,
                              timeout=LIMIT_S)
        count += 1
        good = done.returncode == 0 and "error" not in done.stderr
        if command == "weir models":
            good &= "coco" in done.stdout
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {command.replace('#', '')}")
        if not good:
            print("\n".join("# " + line for line in done.stderr.splitlines()))
    with open(os.path.join(SOURCE, "examples/my-component/dark.c"), encoding="utf-8") as file:
        same = blocks(text, "c") == [file.read()]
    failed += not same
    print(f"{'ok' if same else 'not ok'} {count + 1} - the component is that of examples/my-component")
    print(f"1..{count + 1}")
    return 1 if failed else 0


sys.exit(main())
