#include "core/option.h"

#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct all_types {
    int threads;
    int64_t frames;
    double score;
    bool loop;
    weir_string title;
    weir_path image;
    weir_url url;
    weir_duration delay;
    weir_bytes room;
    weir_size size;
    weir_choice pace;
    weir_list classes;
    weir_string password;
} all_types;

static const char *const paces[] = {"fast", "live", NULL};
static const char *const known_classes[] = {"person", "car", NULL};

static const weir_option table[] = {
    WEIR_OPTION(all_types, threads, "how many", .min = 1, .max = 8, .text = "2"),
    WEIR_OPTION(all_types, frames, "how many", .text = "-9223372036854775808"),
    WEIR_OPTION(all_types, score, "at least", .min = 0, .max = 1, .text = "0.35"),
    WEIR_OPTION(all_types, loop, "again", .text = "yes"),
    WEIR_OPTION(all_types, title, "shown"),
    WEIR_OPTION(all_types, image, "file", .required = 1),
    WEIR_OPTION(all_types, url, "where"),
    WEIR_OPTION(all_types, delay, "how long", .min = 0.001, .max = 3600, .text = "1.5s"),
    WEIR_OPTION(all_types, room, "at most", .min = 1024, .max = 1 << 30, .text = "8MiB"),
    WEIR_OPTION(all_types, size, "pixels", .text = "1920x1080"),
    WEIR_OPTION(all_types, pace, "speed", .choices = paces, .text = "live"),
    WEIR_OPTION(all_types, classes, "which", .choices = known_classes, .text = "person, car"),
    WEIR_OPTION(all_types, password, "secret", .secret = 1),
    {0},
};

static void defaults_are_set(void **state)
{
    (void)state;
    all_types o;
    memset(&o, 0xaa, sizeof o);
    wr_option_defaults(table, &o);
    assert_int_equal(o.threads, 2);
    assert_true(o.frames == INT64_MIN);
    assert_true(o.score == 0.35);
    assert_true(o.loop);
    assert_string_equal(o.title.text, "");
    assert_string_equal(o.image.text, "");
    assert_int_equal(o.delay.ns, 1500000000);
    assert_int_equal(o.room.count, 8 << 20);
    assert_int_equal(o.size.width, 1920);
    assert_int_equal(o.size.height, 1080);
    assert_int_equal(o.pace.index, 1);
    assert_string_equal(o.classes.text, "person, car");
}

static void what_has_no_default_is_zero(void **state)
{
    (void)state;
    static const weir_option bare[] = {
        WEIR_OPTION(all_types, threads, ""), WEIR_OPTION(all_types, frames, ""), WEIR_OPTION(all_types, score, ""),
        WEIR_OPTION(all_types, loop, ""),    WEIR_OPTION(all_types, delay, ""),  WEIR_OPTION(all_types, room, ""),
        WEIR_OPTION(all_types, size, ""),    WEIR_OPTION(all_types, pace, ""),   {0},
    };
    all_types o;
    memset(&o, 0xaa, sizeof o);
    wr_option_defaults(bare, &o);
    assert_int_equal(o.threads, 0);
    assert_true(o.frames == 0);
    assert_true(o.score == 0);
    assert_false(o.loop);
    assert_true(o.delay.ns == 0);
    assert_true(o.room.count == 0);
    assert_true(o.size.width == 0 && o.size.height == 0);
    assert_int_equal(o.pace.index, 0);
}

typedef struct refusal {
    const char *option, *text, *why;
} refusal;

static const refusal refusals[] = {
    {"threads", "0", "0 is below 1"},
    {"threads", "9", "9 is above 8"},
    {"threads", "two", "two is not what is wanted: whole number from 1 to 8"},
    {"threads", "1.5", "1.5 is not what is wanted: whole number from 1 to 8"},
    {"threads", "", "an empty value is not what is wanted: whole number from 1 to 8"},
    {"threads", "99999999999999999999", "99999999999999999999 is not what is wanted: whole number from 1 to 8"},
    {"score", "1.5", "1.5 is above 1"},
    {"score", "-0.1", "-0.1 is below 0"},
    {"score", "nan", "nan is not what is wanted: number from 0 to 1"},
    {"score", "0x1", "0x1 is not what is wanted: number from 0 to 1"},
    {"score", "0,5", "0,5 is not what is wanted: number from 0 to 1"},
    {"loop", "maybe", "maybe is not what is wanted: yes or no"},
    {"delay", "5", "5 has no unit; write 5ms or 5s"},
    {"delay", "2h", "2h is above 1h"},
    {"delay", "0", "0 is below 1ms"},
    {"delay", "-5s", "-5s is not what is wanted: duration such as 200ms, from 1ms to 1h"},
    {"delay", "5 s", "5 s is not what is wanted: duration such as 200ms, from 1ms to 1h"},
    {"room", "1MB", "1MB is not what is wanted: bytes such as 8MiB, from 1KiB to 1GiB"},
    {"room", "2GiB", "2GiB is above 1GiB"},
    {"size", "1920", "1920 is not what is wanted: pixels such as 1920x1080"},
    {"size", "1920x-1", "1920x-1 is not what is wanted: pixels such as 1920x1080"},
    {"size", "1x70000", "1x70000 is too large; a side has at most 65535 pixels"},
    {"pace", "lve", "lve is unknown; did you mean live?"},
    {"pace", "slowly", "slowly is not what is wanted: one of: fast, live"},
    {"threads", "rtsp://me:hunter2@host", "this value is not what is wanted: whole number from 1 to 8"},
    {"frames", "hunter2@x", "this value is not what is wanted: whole number"},
};

static void refusals_say_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char why[256] = "";
        all_types o, before;
        memset(&o, 0x55, sizeof o);
        before = o;
        const weir_option *option = wr_option_find(table, refusals[i].option);
        assert_false(wr_option_parse(option, &o, refusals[i].text, why, sizeof why));
        assert_string_equal(why, refusals[i].why);
        assert_memory_equal(&o, &before, sizeof o);
    }
}

static void hidden_texts_are_not_repeated(void **state)
{
    (void)state;
    char why[256];
    all_types o;
    assert_false(wr_option_parse_hidden(wr_option_find(table, "pace"), &o, "hunter2", why, sizeof why));
    assert_null(strstr(why, "hunter2"));
    assert_false(wr_option_parse_hidden(wr_option_find(table, "delay"), &o, "17", why, sizeof why));
    assert_null(strstr(why, "17"));
}

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> (state % 61);
}

static void check_round_trip(const char *name, const all_types *o)
{
    char text[128], why[256];
    static const weir_option unbounded[] = {
        WEIR_OPTION(all_types, threads, ""),
        WEIR_OPTION(all_types, frames, ""),
        WEIR_OPTION(all_types, score, ""),
        WEIR_OPTION(all_types, loop, ""),
        WEIR_OPTION(all_types, delay, ""),
        WEIR_OPTION(all_types, room, ""),
        WEIR_OPTION(all_types, size, ""),
        WEIR_OPTION(all_types, pace, "", .choices = paces),
        {0},
    };
    all_types again = *o;
    const weir_option *option = wr_option_find(unbounded, name);
    memset((char *)&again + option->offset, 0x77, 1);
    assert_true(wr_option_print(option, o, text, sizeof text));
    if (!wr_option_parse(option, &again, text, why, sizeof why))
        fail_msg("%s: %s", name, why);
    assert_memory_equal(&again, o, sizeof again);
}

static void what_is_printed_reads_back_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        all_types o;
        memset(&o, 0, sizeof o);
        uint64_t bits = random_bits();
        memcpy(&o.score, &bits, sizeof bits);
        o.score = isfinite(o.score) ? o.score : 0.1 * i;
        o.threads = (int)random_bits();
        o.frames = (int64_t)random_bits();
        o.loop = bits & 1;
        o.delay.ns = (int64_t)(random_bits() & INT64_MAX);
        o.room.count = random_bits() & INT64_MAX;
        o.size = (weir_size){(uint32_t)(bits & 0xffff), (uint32_t)(random_bits() & 0xffff)};
        o.pace.index = (int)(bits % 2);
        static const char *const names[] = {"threads", "frames", "score", "loop", "delay", "room", "size", "pace"};
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            check_round_trip(names[k], &o);
    }
}

static void durations_are_exact(void **state)
{
    (void)state;
    int64_t ns = 0;
    assert_true(wr_parse_duration("0.1s", &ns) && ns == 100000000);
    assert_true(wr_parse_duration("1.000000001s", &ns) && ns == 1000000001);
    assert_true(wr_parse_duration("0.1h", &ns) && ns == 360000000000);
    assert_true(wr_parse_duration("2562047h", &ns));
    assert_false(wr_parse_duration("2562048h", &ns));
    assert_false(wr_parse_duration("1.s", &ns));
    assert_false(wr_parse_duration(".5s", &ns));
    assert_false(wr_parse_duration("1sec", &ns));
    assert_false(wr_parse_duration("", &ns));
}

static void print_of_times_and_sizes_is_short(void **state)
{
    (void)state;
    char text[64];
    static const struct {
        int64_t ns;
        const char *text;
    } times[] = {{0, "0s"},         {1500000000, "1500ms"}, {60000000000, "1m"}, {7200000000000, "2h"},
                 {1, "0.000001ms"}, {1500000, "1.5ms"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        wr_print_duration(times[i].ns, text, sizeof text);
        assert_string_equal(text, times[i].text);
    }
    wr_print_bytes(3 << 19, text, sizeof text);
    assert_string_equal(text, "1536KiB");
    wr_print_double(0.1, text, sizeof text);
    assert_string_equal(text, "0.1");
}

static void a_comma_of_the_locale_changes_nothing(void **state)
{
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof locales / sizeof *locales && !found; i++)
        found = setlocale(LC_NUMERIC, locales[i]);
    char text[64];
    double value = 0;
    wr_print_double(1.25, text, sizeof text);
    bool read = wr_parse_double("1.25", &value);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(text, "1.25");
    assert_true(read && value == 1.25);
    if (!found)
        print_message("no locale with a decimal comma is installed: seen in the C locale only\n");
}

static void types_are_described(void **state)
{
    (void)state;
    char text[128];
    wr_option_describe_type(wr_option_find(table, "pace"), text, sizeof text);
    assert_string_equal(text, "one of: fast, live");
    wr_option_describe_type(wr_option_find(table, "classes"), text, sizeof text);
    assert_string_equal(text, "words separated by commas, for example person, car");
    wr_option_describe_type(wr_option_find(table, "delay"), text, sizeof text);
    assert_string_equal(text, "duration such as 200ms, from 1ms to 1h");
    char small[10];
    wr_option_describe_type(wr_option_find(table, "delay"), small, sizeof small);
    assert_int_equal(strlen(small), 9);
}

static void lists_are_words(void **state)
{
    (void)state;
    char word[8];
    const char *at = " person ,car,,  fire truck ,";
    static const char *const words[] = {"person", "car", "fire tr"};
    for (int i = 0; i < 3; i++) {
        at = weir_list_next(at, word, sizeof word);
        assert_non_null(at);
        assert_string_equal(word, words[i]);
    }
    assert_null(weir_list_next(at, word, sizeof word));
    assert_null(weir_list_next("", word, sizeof word));
}

/* --- secrets --- */

static void write_file(const char *path, const char *data, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, bytes), bytes);
    close(fd);
}

static void expect_secret(const char *text, const char *value)
{
    char why[256] = "";
    char *resolved = wr_secret_resolve(text, why, sizeof why);
    if (value) {
        assert_non_null(resolved);
        assert_string_equal(resolved, value);
    } else {
        assert_null(resolved);
        assert_true(why[0] != '\0');
        assert_null(strstr(why, "hunter2"));
    }
    free(resolved);
}

static void secrets_are_brought_in(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-secret-XXXXXX", text[128];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_file(path, "hunter2\r\n\n", 10);
    setenv("WEIR_TEST_SECRET", "${hunter2", 1);
    unsetenv("WEIR_TEST_UNSET");
    snprintf(text, sizeof text, "rtsp://me:${file:%s}@host/${WEIR_TEST_SECRET}", path);
    expect_secret(text, "rtsp://me:hunter2@host/${hunter2");
    expect_secret("no secret, $HOME, $ {x}", "no secret, $HOME, $ {x}");
    expect_secret("", "");
    expect_secret("${WEIR_TEST_UNSET}", NULL);
    expect_secret("${WEIR_TEST_SECRET} ${", NULL);
    expect_secret("${}", NULL);
    expect_secret("${a b}", NULL);
    expect_secret("${file:}", NULL);
    expect_secret("${file:/nonexistent/secret}", NULL);
    expect_secret("${file:/}", NULL);
    write_file(path, "hunter2\0x", 9);
    snprintf(text, sizeof text, "${file:%s}", path);
    expect_secret(text, NULL);
    char *large = calloc(1, 70000);
    memset(large, 'x', 70000);
    write_file(path, large, 70000);
    expect_secret(text, NULL);
    write_file(path, large, 65536);
    large[65536] = '\0';
    expect_secret(text, large);
    free(large);
    unlink(path);
    assert_true(wr_secret_used("a${B}"));
    assert_false(wr_secret_used("a$B"));
}

static void typed_passwords_are_told_from_references(void **state)
{
    (void)state;
    static const char *const typed[] = {"rtsp://me:hunter2@host",     "rtsp://${USER}:hunter2@host",
                                        "http://host/?token=hunter2", "a rtsp://u@h b rtsp://me:hunter2@host",
                                        "rtsp://me:x${P}@host",       "rtsp://me:hun:ter2@host"};
    static const char *const fine[] = {"rtsp://host",
                                       "rtsp://me@host",
                                       "rtsp://me:${P}@host",
                                       "rtsp://${U}:${P}@host",
                                       "http://host/?token=${T}",
                                       "rtsp://me:${file:/a@b}@host/x?y=z",
                                       "",
                                       "${"};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        assert_true(wr_password_typed(typed[i]));
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_false(wr_password_typed(fine[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set),
        cmocka_unit_test(what_has_no_default_is_zero),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(hidden_texts_are_not_repeated),
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(durations_are_exact),
        cmocka_unit_test(print_of_times_and_sizes_is_short),
        cmocka_unit_test(a_comma_of_the_locale_changes_nothing),
        cmocka_unit_test(types_are_described),
        cmocka_unit_test(lists_are_words),
        cmocka_unit_test(secrets_are_brought_in),
        cmocka_unit_test(typed_passwords_are_told_from_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
