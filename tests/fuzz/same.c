#include "same.h"

#include "describe/dot.h"
#include "describe/yaml.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void differ(const char *before, const char *after)
{
    fprintf(stderr, "printed:\n%s\nand read as:\n%s\n", before, after);
    abort();
}

/* One form is printed, read, and printed once more in the other one: `expected`. */
static void there_and_back(char *printed, bool yaml, const char *expected)
{
    wr_problems problems = {0};
    wr_description *again = wr_description_new("line", "again");
    bool ok =
        yaml ? wr_yaml_parse(again, printed, strlen(printed), &problems) : wr_line_parse(again, printed, &problems);
    if (!ok)
        differ(printed, problems.text[0]);
    wr_description_rename(again, "line");
    char *other = yaml ? wr_line_print(again) : wr_yaml_print(again);
    if (strcmp(other, expected) != 0)
        differ(expected, other);
    free(other);
    wr_problems_clear(&problems);
    wr_description_free(again);
}

void wr_fuzz_round_trip(const wr_description *description)
{
    wr_description named = *description;
    char name[] = "line";
    named.name = name;
    char *line = wr_line_print(&named), *yaml = wr_yaml_print(&named), *dot = wr_dot_print(&named);
    there_and_back(yaml, true, line);
    there_and_back(line, false, yaml);
    free(line);
    free(yaml);
    free(dot);
}
