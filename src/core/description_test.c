#include "core/description.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include <cmocka.h>

static const wr_place nowhere = {0, 0};

static void names_are_made(void **state)
{
    (void)state;
    wr_description *d = wr_description_new("street", "line");
    assert_string_equal(wr_description_add_node(d, NULL, "debugger")->name, "debugger");
    assert_string_equal(wr_description_add_node(d, NULL, "debugger")->name, "debugger-2");
    assert_string_equal(wr_description_add_node(d, "debugger-4", "null")->name, "debugger-4");
    assert_string_equal(wr_description_add_node(d, NULL, "debugger")->name, "debugger-3");
    assert_string_equal(wr_description_add_node(d, NULL, "debugger")->name, "debugger-5");
    assert_false(wr_description_find(d, "debugger")->named);
    assert_true(wr_description_find(d, "debugger-4")->named);
    assert_null(wr_description_find(d, "debugger-6"));
    wr_description_free(d);
}

static void a_made_name_is_a_name(void **state)
{
    (void)state;
    char component[64];
    memset(component, 'c', 63);
    component[63] = '\0';
    wr_description *d = wr_description_new("", "line");
    wr_description_add_node(d, NULL, component);
    assert_true(wr_name_ok(wr_description_add_node(d, NULL, component)->name));
    wr_description_free(d);
}

static void links_are_sorted_by_consumer(void **state)
{
    (void)state;
    wr_description *d = wr_description_new("", "line");
    for (int i = 0; i < 4; i++)
        wr_description_add_node(d, (const char *[]){"a", "b", "c", "d"}[i], "null");
    wr_description_add_link(d, "a", "", "d", "1");
    wr_description_add_link(d, "a", "", "nobody", "");
    wr_description_add_link(d, "b", "", "c", "2");
    wr_description_add_link(d, "c", "", "d", "3");
    wr_description_add_link(d, "a", "", "c", "4");
    wr_description_sort(d);
    const char *ports[] = {"2", "4", "1", "3", ""};
    assert_int_equal(d->links, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(d->link[i].to_port, ports[i]);
    wr_description_free(d);
}

static void settings_are_found(void **state)
{
    (void)state;
    wr_settings settings = {0};
    wr_settings_add(&settings, "fps", (wr_place){1, 2}, "10", (wr_place){1, 6});
    wr_settings_add(&settings, "image", nowhere, "", nowhere);
    assert_string_equal(wr_settings_find(&settings, "fps")->value, "10");
    assert_int_equal(wr_settings_find(&settings, "fps")->value_at.column, 6);
    assert_string_equal(wr_settings_find(&settings, "image")->value, "");
    assert_null(wr_settings_find(&settings, "fp"));
    wr_settings_clear(&settings);
    assert_int_equal(settings.count, 0);
}

static void problems_stand_in_the_order_of_their_places(void **state)
{
    (void)state;
    wr_problems problems = {0};
    wr_problems_add(&problems, "f", (wr_place){2, 1}, "third");
    wr_problems_add(&problems, "f", nowhere, "last");
    wr_problems_add(&problems, "f", (wr_place){1, 9}, "second");
    wr_problems_add(&problems, "f", (wr_place){1, 2}, "%s", "first");
    wr_problems_add(&problems, "f", (wr_place){1, 9}, "hidden: this place has one already");
    wr_problems_add(&problems, "", nowhere, "very last");
    const char *expected[] = {"f:1:2: first", "f:1:9: second", "f:2:1: third", "f: last", "very last"};
    assert_int_equal(problems.count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(problems.text[i], expected[i]);
    wr_problems more = {0};
    wr_problems_add(&more, "f", (wr_place){1, 5}, "between");
    wr_problems_add(&more, "f", (wr_place){2, 1}, "hidden");
    wr_problems_merge(&problems, &more);
    assert_int_equal(problems.count, 6);
    assert_string_equal(problems.text[1], "f:1:5: between");
    wr_problems_clear(&problems);
    wr_problems_clear(&more);
}

static void problems_show_no_password_and_no_control_codes(void **state)
{
    (void)state;
    wr_problems problems = {0};
    wr_problems_add(&problems, "f", nowhere, "cannot open rtsp://me:hunter2@host/x\x1b[2J\n");
    assert_null(strstr(problems.text[0], "hunter2"));
    assert_non_null(strstr(problems.text[0], "host"));
    assert_null(strpbrk(problems.text[0], "\x1b\n"));
    wr_problems_clear(&problems);
}

static void problems_have_an_end(void **state)
{
    (void)state;
    wr_problems problems = {0};
    for (int i = 1; i < 1000; i++)
        wr_problems_add(&problems, "f", (wr_place){i, 1}, "wrong");
    assert_int_equal(problems.count, WR_PROBLEMS_MAX);
    wr_problems_clear(&problems);
}

static void names_are_letters_digits_and_signs(void **state)
{
    (void)state;
    assert_true(wr_name_ok("Camera_1-b"));
    assert_false(wr_name_ok(""));
    assert_false(wr_name_ok("a.b"));
    assert_false(wr_name_ok("a b"));
    assert_false(wr_name_ok("kam\xc3\xa9ra"));
    char name[65];
    memset(name, 'x', 64);
    name[64] = '\0';
    assert_false(wr_name_ok(name));
    name[63] = '\0';
    assert_true(wr_name_ok(name));
}

static void nearest_words_are_suggested(void **state)
{
    (void)state;
    static const char *const words[] = {"take", "max_age", "hold", "score", "model", NULL};
    assert_string_equal(wr_nearest("tkae", words), "take");
    assert_string_equal(wr_nearest("max-age", words), "max_age");
    assert_string_equal(wr_nearest("Score", words), "score");
    assert_string_equal(wr_nearest("modle", words), "model");
    assert_null(wr_nearest("url", words));
    assert_null(wr_nearest("", words));
    char word[300];
    memset(word, 'a', sizeof word);
    word[299] = '\0';
    assert_null(wr_nearest(word, words));
}

static void only_harmless_texts_may_be_shown(void **state)
{
    (void)state;
    assert_true(wr_may_show("1.5"));
    assert_true(wr_may_show("/a/b.mp4"));
    assert_false(wr_may_show("p,w@h"));
    assert_false(wr_may_show("rtsp://me:hunt"));
}

static void utf8_is_told_from_what_is_none(void **state)
{
    (void)state;
    unsigned code;
    assert_int_equal(wr_utf8("a", &code), 1);
    assert_int_equal(wr_utf8("\xc3\xa9", &code), 2);
    assert_int_equal(code, 0xe9);
    assert_int_equal(wr_utf8("\xe2\x82\xac", &code), 3);
    assert_int_equal(code, 0x20ac);
    assert_int_equal(wr_utf8("\xf0\x9f\x98\x80", &code), 4);
    assert_int_equal(code, 0x1f600);
    const char *const bad[] = {"\x80",         "\xc0\x80",         "\xc3",
                               "\xe0\x80\x80", "\xed\xa0\x80",     "\xf4\x90\x80\x80",
                               "\xff",         "\xf0\x80\x80\x80", "\xe2\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(wr_utf8(bad[i], &code), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_made),
        cmocka_unit_test(a_made_name_is_a_name),
        cmocka_unit_test(links_are_sorted_by_consumer),
        cmocka_unit_test(settings_are_found),
        cmocka_unit_test(problems_stand_in_the_order_of_their_places),
        cmocka_unit_test(problems_show_no_password_and_no_control_codes),
        cmocka_unit_test(problems_have_an_end),
        cmocka_unit_test(names_are_letters_digits_and_signs),
        cmocka_unit_test(nearest_words_are_suggested),
        cmocka_unit_test(only_harmless_texts_may_be_shown),
        cmocka_unit_test(utf8_is_told_from_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
