#include "describe/yaml.h"
#include "same.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* A link to a node that there is not is found later, when the graph is built; it cannot be printed as a line. */
static bool all_named(const wr_description *description)
{
    for (size_t i = 0; i < description->links; i++)
        if (!wr_description_find(description, description->link[i].from))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    wr_problems problems = {0};
    wr_description *description = wr_description_new("line", "f.yaml");
    bool ok = wr_yaml_parse(description, (const char *)data, bytes, &problems);
    if (ok != (problems.count == 0) || (ok && description->broken))
        abort();
    if (ok && all_named(description))
        wr_fuzz_round_trip(description);
    free(wr_yaml_print(description));
    wr_problems_clear(&problems);
    wr_description_free(description);
    return 0;
}
