"""Files as C: embed.py OUT.c LIST ROOT   the page's files, as LIST names them (route, file, type), as wr_page_files;
embed.py OUT.c --text NAME FILE   one file as a zero-terminated text."""
import sys


def array(name, data):
    lines = [", ".join(str(byte) for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "\n};\n"


def rows(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 2)
            if len(words) == 3 and not line.startswith("#"):
                yield words[0], words[1], words[2].strip()


def main():
    out, rest = sys.argv[1], sys.argv[2:]
    if rest[0] == "--text":
        with open(rest[2], "rb") as file:
            text = f"extern const char {rest[1]}[];\n" + array(rest[1], file.read() + b"\0").replace("static const unsigned", "const")
    else:
        listed = list(rows(rest[0]))
        text, table = '#include "page.h"\n\n', ""
        for number, (route, path, kind) in enumerate(listed):
            with open(f"{rest[1]}/{path}", "rb") as file:
                text += array(f"file_{number}", file.read())
            table += f'    {{"{route}", "{kind}", file_{number}, sizeof file_{number}}},\n'
        text += f"\nconst wr_page_file wr_page_files[] = {{\n{table}    {{0}},\n}};\n"
    with open(out, "w", encoding="ascii") as file:
        file.write(text)


main()
