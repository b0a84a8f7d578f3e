#include "describe/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "describe/dot.h"
#include <cmocka.h>

static const char street[] = "# What the street camera sees.\n"
                             "pipeline: street\n"
                             "nodes:\n"
                             "  camera:\n"
                             "    component: video\n"
                             "    url: street.mp4\n"
                             "    pace: live\n"
                             "  detect:\n"
                             "    component: detect\n"
                             "    from: camera\n"
                             "    take: latest\n"
                             "    model: coco\n"
                             "    classes: [person, car]\n"
                             "  events:\n"
                             "    component: jsonl\n"
                             "    from: detect.out\n"
                             "    path: events.jsonl\n"
                             "  page:\n"
                             "    component: dashboard\n"
                             "    from:\n"
                             "      camera: {take: every}\n"
                             "      detect: {take: newest=4, max_age: 1s, to: results}\n"
                             "  both:\n"
                             "    component: join\n"
                             "    from: [camera, {detect: {to: left}}, detect: {to: right}, {events: }]\n";

static wr_description *parse(const char *text)
{
    wr_problems problems = {0};
    wr_description *d = wr_description_new("x", "street.yaml");
    if (!wr_yaml_parse(d, text, strlen(text), &problems))
        fail_msg("%s", problems.text[0]);
    assert_int_equal(problems.count, 0);
    assert_false(d->broken);
    return d;
}

static const char *setting(const wr_settings *settings, const char *key)
{
    const wr_setting *found = wr_settings_find(settings, key);
    return found ? found->value : "(none)";
}

static void a_file_is_read(void **state)
{
    (void)state;
    wr_description *d = parse(street);
    assert_string_equal(d->name, "street");
    assert_int_equal(d->nodes, 5);
    assert_string_equal(d->node[1].name, "detect");
    assert_true(d->node[1].named);
    assert_string_equal(setting(&d->node[1].settings, "model"), "coco");
    assert_string_equal(setting(&d->node[1].settings, "classes"), "person,car");
    assert_string_equal(setting(&d->node[1].settings, "take"), "(none)");
    assert_int_equal(d->node[1].settings.item[0].value_at.line, 12);
    assert_int_equal(d->node[1].settings.item[0].value_at.column, 12);
    wr_description_free(d);
}

static void links_are_read_in_every_way_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *from, *from_port, *to, *to_port, *take;
    } links[] = {
        {"camera", "", "detect", "", "latest"},    {"detect", "out", "events", "", "(none)"},
        {"camera", "", "page", "", "every"},       {"detect", "", "page", "results", "newest=4"},
        {"camera", "", "both", "", "(none)"},      {"detect", "", "both", "left", "(none)"},
        {"detect", "", "both", "right", "(none)"}, {"events", "", "both", "", "(none)"},
    };
    wr_description *d = parse(street);
    assert_int_equal(d->links, sizeof links / sizeof *links);
    for (size_t i = 0; i < d->links; i++) {
        assert_string_equal(d->link[i].from, links[i].from);
        assert_string_equal(d->link[i].from_port, links[i].from_port);
        assert_string_equal(d->link[i].to, links[i].to);
        assert_string_equal(d->link[i].to_port, links[i].to_port);
        assert_string_equal(setting(&d->link[i].settings, "take"), links[i].take);
    }
    assert_string_equal(setting(&d->link[3].settings, "max_age"), "1s");
    wr_description_free(d);
}

typedef struct mistake {
    const char *text, *problem;
} mistake;

#define NODE "nodes:\n  a:\n    component: null\n"

static const mistake mistakes[] = {
    {"", "f: this file is empty; it should hold nodes:"},
    {"# nothing\n", "f: this file is empty; it should hold nodes:"},
    {"just words",
     "f:1:1: a pipeline should be key: value pairs, this is a value; write nodes: and the nodes below it"},
    {"[a]", "f:1:1: a pipeline should be key: value pairs, this is a list; write nodes: and the nodes below it"},
    {"pipeline: x\n", "f: there is no nodes: in it"},
    {"nodes:\n", "f:1:7: nodes: should be key: value pairs, this is empty; write a name, and below it component:"},
    {"nodes: {}\n", "f:1:8: nodes: is empty"},
    {"nodez:\n  a: {component: b}\n", "f:1:1: nodez: is unknown; did you mean nodes:?"},
    {NODE "extra: 1\n", "f:4:1: extra: is unknown; known are: pipeline, nodes"},
    {"pipeline: ''\n" NODE, "f:1:11: pipeline: takes a name of 1 to 63 bytes"},
    {NODE "nodes: {}\n", "f:4:1: nodes: is given twice, first on line 1"},
    {NODE "  a:\n    component: null\n", "f:4:3: a: is given twice, first on line 2"},
    {NODE "    x: 1\n    x: 2\n", "f:5:5: x: is given twice, first on line 4"},
    {"nodes:\n  a b: {component: c}\n", "f:2:3: a node's name consists of 1 to 63 letters, digits, - and _"},
    {"nodes:\n  a: video\n",
     "f:2:6: a should be key: value pairs, this is a value; write for example component: video"},
    {"nodes:\n  a: {url: x}\n", "f:2:3: a has no component; write for example component: video"},
    {"nodes:\n  a: {componet: x}\n", "f:2:7: componet: is unknown; did you mean component:?"},
    {"nodes:\n  a: {component: [x]}\n", "f:2:18: component: takes the name of a component; weir components lists them"},
    {NODE "    name: b\n", "f:4:5: a node's name is the key that stands above its options, not name:"},
    {NODE "    x:\n", "f:4:7: x: has no value; write \"\" for an empty one"},
    {NODE "    x: {y: 1}\n",
     "f:4:8: x: takes a value, these are key: value pairs; put a value with { in it into quotes"},
    {NODE "    x: [a, [b]]\n", "f:4:8: x: takes a value, or a list of words without commas"},
    {NODE "    x: ['a,b']\n", "f:4:8: x: takes a value, or a list of words without commas"},
    {NODE "    x.y: 1\n", "f:4:5: x.y cannot be the name of an option"},
    {NODE "    [x]: 1\n", "f:4:5: a key must be a word, this is a list"},
    {NODE "    take: latest\n", "f:4:5: take: says how a link is taken, and there is no from: beside it"},
    {NODE "    from:\n", "f:4:10: from: names no node; leave it out for a source"},
    {NODE "    from: a.b.c\n", "f:4:11: from: takes NAME or NAME.PORT of a node"},
    {NODE "    from: [[a]]\n", "f:4:12: from: takes NAME or NAME.PORT of a node, this is a list"},
    {NODE "    from: {a: latest}\n",
     "f:4:15: what follows a name in from: should be key: value pairs, this is a value; "
     "write for example {take: latest}"},
    {NODE "    from: {a: {tkae: latest}}\n", "f:4:16: tkae: is unknown; did you mean take:?"},
    {NODE "    from: {a: {frames: 1}}\n", "f:4:16: frames: is unknown; known are: take, max_age, hold, to"},
    {NODE "    from: {a: {to: x.y}}\n", "f:4:20: to: takes the name of an input port of this node"},
    {NODE "    from: {a: , a: }\n", "f:4:17: a: is given twice, first on line 4"},
    {NODE "    from: [a, a]\n    hold: 3\n",
     "f:5:5: hold: is meant for which of 2 links? Write from: {a: {hold: ...}, ...}"},
    {NODE "    from: {a: {hold: 2}}\n    hold: 3\n", "f:5:5: hold: is given twice, here and in from:"},
    {NODE "    x: &y 1\n", "f:4:8: aliases (*x), anchors (&x) and tags (!x) are not used here; write the value out, or "
                           "quote it"},
    {NODE "    x: *y\n", "f:4:8: aliases (*x), anchors (&x) and tags (!x) are not used here; write the value out, or "
                         "quote it"},
    {NODE "    x: !!int 1\n", "f:4:8: aliases (*x), anchors (&x) and tags (!x) are not used here; write the value out, "
                              "or quote it"},
    {NODE "    <<: {x: 1}\n", "f:4:5: << cannot be the name of an option"},
    {NODE "---\n" NODE, "f:4:1: a second document begins here; a file holds one pipeline"},
    {NODE "\tx: 1\n",
     "f:4:1: this is not YAML: found a tab character that violates indentation, while scanning a plain "
     "scalar; indent with blanks, not with tabs"},
    {NODE "    x: \"\\0\"\n", "f:4:8: a value cannot hold a zero byte"},
    {NODE "    x: \xff\n", "f:4:8: this is no text in UTF-8: invalid leading UTF-8 octet; save the file as UTF-8"},
    {"[[[[[[[[[[[[[[[[[[[[[[[[", "f:1:18: this is nested too deeply for a pipeline"},
};

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        wr_problems problems = {0};
        wr_description *d = wr_description_new("x", "f");
        if (wr_yaml_parse(d, mistakes[i].text, strlen(mistakes[i].text), &problems))
            fail_msg("accepted:\n%s", mistakes[i].text);
        assert_string_equal(problems.text[0], mistakes[i].problem);
        wr_problems_clear(&problems);
        wr_description_free(d);
    }
}

/* A URL that flow style takes apart must not show its password, not even half of it. */
static void passwords_are_not_repeated(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "nodes: {a: {component: video, url: rtsp://u:p,hunter2@h}}",
        "nodes: {a: {component: video, rtsp://u:hunter2@h: 1}}",
        "nodes: {rtsp://u:hunter2@h: {component: video}}",
        "rtsp://u:hunter2@h: 1",
        "nodes: {a: {component: rtsp://u:hunter2@h}}",
        "nodes: {a: {component: b, from: rtsp://u:hunter2@h}}",
        "nodes: {a: {component: b, from: {b: {hunter2@h: 1}}}}",
        "nodes: {a: {component: b, hunter2@h: 1, hunter2@h: 1}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        wr_problems problems = {0};
        wr_description *d = wr_description_new("x", "f");
        assert_false(wr_yaml_parse(d, texts[i], strlen(texts[i]), &problems));
        assert_true(d->broken);
        for (size_t k = 0; k < problems.count; k++)
            assert_null(strstr(problems.text[k], "hunter2"));
        wr_problems_clear(&problems);
        wr_description_free(d);
    }
}

static void long_files_are_refused_in_time(void **state)
{
    (void)state;
    wr_text text = {0};
    wr_text_add(&text, "nodes:\n  a:\n    component: b\n    from:\n");
    for (int i = 0; i < 150000; i++)
        wr_text_add(&text, "      - b%d\n", i);
    wr_problems problems = {0};
    wr_description *d = wr_description_new("x", "f");
    assert_false(wr_yaml_parse(d, text.data, text.length, &problems));
    assert_non_null(strstr(problems.text[0], "more than 16384 links"));
    free(text.data);
    wr_problems_clear(&problems);
    wr_description_free(d);
}

static void a_graph_is_drawn(void **state)
{
    (void)state;
    wr_description *d = parse(street);
    char *dot = wr_dot_print(d);
    assert_non_null(strstr(dot, "digraph \"street\" {"));
    assert_non_null(strstr(dot, "\"camera\" [label=\"camera\\nvideo\"];"));
    assert_non_null(strstr(dot, "\"camera\" -> \"detect\" [label=\"latest\"];"));
    assert_non_null(strstr(dot, "\"detect\" -> \"page\" [label=\"newest=4\\nmax_age=1s\", headlabel=\"results\"];"));
    assert_non_null(strstr(dot, "\"detect\" -> \"events\" [label=\"every\", taillabel=\"out\"];"));
    free(dot);
    wr_description_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(links_are_read_in_every_way_they_are_written),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(passwords_are_not_repeated),
        cmocka_unit_test(long_files_are_refused_in_time),
        cmocka_unit_test(a_graph_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
