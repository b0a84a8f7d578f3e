#include "core/description.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static wr_description *parse(const char *line)
{
    wr_problems problems = {0};
    wr_description *d = wr_description_new("line", "line");
    if (!wr_line_parse(d, line, &problems))
        fail_msg("%s: %s", line, problems.text[0]);
    assert_int_equal(problems.count, 0);
    assert_false(d->broken);
    return d;
}

static const char *setting(const wr_settings *settings, const char *key)
{
    const wr_setting *found = wr_settings_find(settings, key);
    return found ? found->value : "(none)";
}

static void assert_link(const wr_description *d, size_t i, const char *from, const char *to, const char *take)
{
    assert_true(i < d->links);
    assert_string_equal(d->link[i].from, from);
    assert_string_equal(d->link[i].to, to);
    assert_string_equal(setting(&d->link[i].settings, "take"), take);
}

static void the_design_example_is_read(void **state)
{
    (void)state;
    wr_description *d = parse("video url=street.mp4 pace=live name=camera ! detect model=coco take=latest "
                              "! jsonl path=- ; @camera ! dashboard");
    const char *names[] = {"camera", "detect", "jsonl", "dashboard"};
    assert_int_equal(d->nodes, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(d->node[i].name, names[i]);
    assert_string_equal(d->node[0].component, "video");
    assert_string_equal(setting(&d->node[0].settings, "url"), "street.mp4");
    assert_string_equal(setting(&d->node[0].settings, "name"), "(none)");
    assert_string_equal(setting(&d->node[1].settings, "take"), "(none)");
    assert_int_equal(d->links, 3);
    assert_link(d, 0, "camera", "detect", "latest");
    assert_link(d, 1, "detect", "jsonl", "(none)");
    assert_link(d, 2, "camera", "dashboard", "(none)");
    wr_description_free(d);
}

static void places_are_remembered(void **state)
{
    (void)state;
    wr_description *d = parse("a k=v name=x\n ! b k=\"\xc3\xa9 \" l=2 take=every");
    assert_int_equal(d->node[0].name_at.column, 12);
    assert_int_equal(d->node[0].component_at.column, 1);
    assert_int_equal(d->node[1].component_at.line, 2);
    assert_int_equal(d->node[1].component_at.column, 4);
    const wr_setting *l = wr_settings_find(&d->node[1].settings, "l");
    assert_int_equal(l->key_at.column, 13);
    assert_int_equal(l->value_at.column, 15);
    assert_int_equal(d->link[0].from_at.column, 12);
    assert_int_equal(d->link[0].to_at.line, 2);
    wr_description_free(d);
}

static void values_are_bare_or_quoted(void **state)
{
    (void)state;
    wr_description *d = parse("c a=newest=5 b=\"two words\" c=\"\\\"\\\\\" d=\"\" e=x\"y f=! g=\"! ;\" h=\"\n\"");
    const wr_settings *s = &d->node[0].settings;
    assert_string_equal(setting(s, "a"), "newest=5");
    assert_string_equal(setting(s, "b"), "two words");
    assert_string_equal(setting(s, "c"), "\"\\");
    assert_string_equal(setting(s, "d"), "");
    assert_string_equal(setting(s, "e"), "x\"y");
    assert_string_equal(setting(s, "f"), "!");
    assert_string_equal(setting(s, "g"), "! ;");
    assert_string_equal(setting(s, "h"), "\n");
    wr_description_free(d);
}

static void references_lead_in_and_out(void **state)
{
    (void)state;
    wr_description *d = parse("join name=j ; a ! @j.left ! b ; @j.rest ! @b.in take=oldest=2 ; @j");
    assert_int_equal(d->nodes, 3);
    assert_int_equal(d->links, 3);
    assert_string_equal(d->link[0].to, "j");
    assert_string_equal(d->link[0].to_port, "left");
    assert_string_equal(d->link[1].from, "j");
    assert_string_equal(d->link[1].from_port, "");
    assert_string_equal(d->link[2].from_port, "rest");
    assert_string_equal(d->link[2].to_port, "in");
    assert_string_equal(setting(&d->link[2].settings, "take"), "oldest=2");
    wr_description_free(d);
}

typedef struct mistake {
    const char *line, *problem;
} mistake;

static const mistake mistakes[] = {
    {"", "line:1:1: there is no component; write for example: test-source ! debugger"},
    {" \n ", "line:2:2: there is no component; write for example: test-source ! debugger"},
    {"a ! ", "line:1:5: a component or @name is missing behind the !"},
    {"a ;", "line:1:4: a component or @name is missing behind the ;"},
    {"a ! ; b", "line:1:5: a component or @name is missing behind the !"},
    {"a ! ! b", "line:1:5: a component or @name is missing behind the !"},
    {"! a", "line:1:1: nothing stands before the !; begin with a component or @name"},
    {"; a", "line:1:1: nothing stands before the ;; begin with a component or @name"},
    {"a;b", "line:1:1: a;b cannot be the name of a component"},
    {"a! b", "line:1:1: put a blank before the ! of a!"},
    {"a k=v !b", "line:1:7: put a blank behind the ! of !b"},
    {"a x", "line:1:3: x is neither an option (key=value) nor an operator (! or ;); a value with blanks in it goes "
            "into double quotes"},
    {"k=v a", "line:1:1: k= stands where a component should be; put the component first"},
    {"a.b", "line:1:1: a.b cannot be the name of a component"},
    {"a k=", "line:1:5: k has no value; write k=\"\" for an empty one"},
    {"a k=1 k=2", "line:1:7: k is given twice"},
    {"a k.l=2", "line:1:3: k.l cannot be the name of an option"},
    {"a =2", "line:1:3: what stands before the first = is not the name of an option; write key=value"},
    {"a k=\"v", "line:1:5: this quote has no end; put a \" behind the value"},
    {"a k=\"v\"w", "line:1:8: a quoted value ends at its second \"; put a blank behind it, or \\\" inside it"},
    {"a k=\"\\n\"", "line:1:6: \\ in a quoted value stands before \" or \\ only; write \\\\ for one \\"},
    {"a take=latest ! b", "line:1:3: take= says how a link is taken, and no ! stands before this item"},
    {"a ; @a hold=3", "line:1:8: hold= says how a link is taken, and no ! stands before this item"},
    {"a ; a name=b ! @a k=v", "line:1:19: behind @name stands only how the link is taken (take, max_age, hold); "
                              "options belong where the component is named"},
    {"a ! @b", "line:1:5: no component before this one is named b; name one with name=b"},
    {"camera ; @camra ! b", "line:1:10: no component before this one is named camra; did you mean @camera"},
    {"a ; @a.b.c ! b", "line:1:5: behind an @ stands the name of a component, or name.port"},
    {"a ; @ ! b", "line:1:5: behind an @ stands the name of a component, or name.port"},
    {"a ; @a=1 ! b", "line:1:5: behind an @ stands the name of a component, or name.port"},
    {"a @b", "line:1:3: @b stands behind a ! or a ; only"},
    {"a name=b ; c name=b", "line:1:19: the name b is taken already; give this one another"},
    {"a name=b.c", "line:1:8: a name consists of 1 to 63 letters, digits, - and _"},
    {"a from=b", "line:1:3: from= is for files; on one line a ! makes the link"},
    {"a component=b", "line:1:3: component= is for files; on one line the component is the first word"},
    {"a k=\xc3\xa9\xff", "line:1:6: byte 0xff is not UTF-8; save the text as UTF-8"},
};

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        wr_problems problems = {0};
        wr_description *d = wr_description_new("line", "line");
        assert_false(wr_line_parse(d, mistakes[i].line, &problems));
        assert_true(problems.count >= 1);
        assert_string_equal(problems.text[0], mistakes[i].problem);
        wr_problems_clear(&problems);
        wr_description_free(d);
    }
}

static void all_mistakes_are_named_at_once(void **state)
{
    (void)state;
    wr_problems problems = {0};
    wr_description *d = wr_description_new("line", "line");
    assert_false(wr_line_parse(d, "a k= l=1 l=2 ! b from=x take=latest ; @c ! d hold=1 hold=2", &problems));
    assert_int_equal(problems.count, 5);
    wr_problems_clear(&problems);
    wr_description_free(d);
}

static void passwords_are_not_repeated(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "rtsp://me:hunter2@host/x ! b",
        "video rtsp://me:hunter2@host/x",
        "video rtsp://me:hunter2@host/x?a=b",
        "video url= rtsp://me:hunter2@host/x",
        "video url=\"rtsp://me:hunter2@host/x ! b",
        "video url=\"rtsp://me:\"hunter2@host/x\" ! b",
        "video url=rtsp://me:hunt er2@host/hunter2",
        "@rtsp://me:hunter2@host",
        "video name=me:hunter2@host",
        "video me:hunter2@host=1",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        wr_problems problems = {0};
        wr_description *d = wr_description_new("line", "line");
        assert_false(wr_line_parse(d, lines[i], &problems));
        for (size_t k = 0; k < problems.count; k++)
            assert_null(strstr(problems.text[k], "hunter2"));
        wr_problems_clear(&problems);
        wr_description_free(d);
    }
}

static void settings_are_the_item_part_of_the_grammar(void **state)
{
    (void)state;
    wr_settings settings = {0};
    wr_problems problems = {0};
    assert_true(wr_line_settings(&settings, "fps=10 image=\"a b.png\" runner=inline", "cam", &problems));
    assert_int_equal(settings.count, 3);
    assert_string_equal(setting(&settings, "image"), "a b.png");
    assert_true(wr_line_settings(&settings, "", "cam", &problems));
    assert_false(wr_line_settings(&settings, "a ! b=1", "cam", &problems));
    assert_int_equal(problems.count, 2);
    wr_settings_clear(&settings);
    wr_problems_clear(&problems);
}

static void too_much_is_refused_not_swallowed(void **state)
{
    (void)state;
    char *line = malloc(5000 * 4 + 1), *at = line;
    for (int i = 0; i < 5000; i++, at += 4)
        memcpy(at, i ? "! a " : "  a ", 5);
    wr_problems problems = {0};
    wr_description *d = wr_description_new("line", "line");
    assert_false(wr_line_parse(d, line, &problems));
    assert_int_equal(d->nodes, WR_TEXT_NODES_MAX);
    assert_non_null(strstr(problems.text[0], "more than 4096 components"));
    wr_problems_clear(&problems);
    wr_description_free(d);
    free(line);
}

/* Lines that are printed just as they were written. */
static const char *const canonical[] = {
    "a",
    "a ; b",
    "a ! b ! c",
    "a k=v name=x ! b take=latest max_age=1s ; @x ! c",
    "a ! b ; @a ! a ! @b.left hold=3",
    "a ; @a.out ! b ! @a.in",
    "a k=\"\" l=\"a b\" m=\"\\\"\\\\\" n=\"\"",
    "join name=j ; a ! @j.left ; b ! @j.right ; @j ! null",
};

static void printed_lines_read_as_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++) {
        wr_description *d = parse(canonical[i]);
        char *printed = wr_line_print(d);
        assert_string_equal(printed, canonical[i]);
        free(printed);
        wr_description_free(d);
    }
}

static void links_to_nowhere_are_not_printed(void **state)
{
    (void)state;
    wr_description *d = wr_description_new("", "line");
    wr_description_add_node(d, "a", "null");
    wr_description_add_link(d, "nobody", "", "a", "");
    wr_description_add_link(d, "a", "", "nobody", "");
    char *printed = wr_line_print(d);
    assert_string_equal(printed, "null name=a");
    free(printed);
    wr_description_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_design_example_is_read),
        cmocka_unit_test(places_are_remembered),
        cmocka_unit_test(values_are_bare_or_quoted),
        cmocka_unit_test(references_lead_in_and_out),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(all_mistakes_are_named_at_once),
        cmocka_unit_test(passwords_are_not_repeated),
        cmocka_unit_test(settings_are_the_item_part_of_the_grammar),
        cmocka_unit_test(too_much_is_refused_not_swallowed),
        cmocka_unit_test(printed_lines_read_as_before),
        cmocka_unit_test(links_to_nowhere_are_not_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
