/* null: takes frames and forgets them. */
#include <weir/component.h>

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    (void)node;
    (void)input;
    (void)frame;
    return WEIR_OK;
}

static const weir_port inputs[] = {{.name = "in", .flags = WEIR_PORT_MANY}, {0}};

extern const weir_component_class wr_class_null;
const weir_component_class wr_class_null = {
    .name = "null",
    .summary = "takes frames and forgets them",
    .inputs = inputs,
    .process = process,
};
