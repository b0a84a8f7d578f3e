#include "core/text.h"
#include "same.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    wr_problems problems = {0};
    char *line = wr_must_copy_part((const char *)data, bytes);
    wr_description *description = wr_description_new("line", "line");
    bool ok = wr_line_parse(description, line, &problems);
    if (ok != (problems.count == 0) || (ok && description->broken))
        abort();
    if (ok)
        wr_fuzz_round_trip(description);
    free(wr_line_print(description));
    wr_problems_clear(&problems);
    wr_description_free(description);
    free(line);
    return 0;
}
