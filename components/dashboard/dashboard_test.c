#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "codec.h"
#include "guard.h"
#include "path.h"
#include "token.h"
#include "wish.h"
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- who may ask --- */

static void test_addresses(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
    } good[] = {{"127.0.0.1:8080", "127.0.0.1", 8080}, {"[::1]:80", "::1", 80},     {":8080", "", 8080},
                {"8080", "127.0.0.1", 8080},           {"0.0.0.0:0", "0.0.0.0", 0}, {"cam.lan:443", "cam.lan", 443}};
    static const char *const bad[] = {"", "127.0.0.1", "a:b", "127.0.0.1:65536", "[::1:80", "127.0.0.1:-1", "host: 80"};
    char host[64];
    int port;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(wr_guard_address(good[i].text, host, sizeof host, &port));
        assert_string_equal(host, good[i].host);
        assert_int_equal(port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(wr_guard_address(bad[i], host, sizeof host, &port));
    assert_true(wr_guard_is_loopback("127.1.2.3") && wr_guard_is_loopback("::1") && wr_guard_is_loopback("localhost"));
    assert_false(wr_guard_is_loopback("") || wr_guard_is_loopback("0.0.0.0") || wr_guard_is_loopback("10.0.0.1"));
}

static void test_names(void **state)
{
    static const char *const more[] = {"cameras.example", NULL};
    const wr_guard here = {.host = "127.0.0.1", .port = 8080}, every = {.host = "", .port = 8080, .more = more};
    const wr_guard tls = {.host = "10.0.0.7", .port = 443, .tls = true};
    (void)state;
    assert_true(wr_guard_host(&here, "127.0.0.1:8080") && wr_guard_host(&here, "localhost:8080") &&
                wr_guard_host(&here, "[::1]:8080"));
    assert_false(wr_guard_host(&here, "127.0.0.1:8081") || wr_guard_host(&here, "evil.example:8080") ||
                 wr_guard_host(&here, "") || wr_guard_host(&here, "127.0.0.1.evil.example:8080") ||
                 wr_guard_host(&here, "127.0.0.1"));
    assert_true(wr_guard_host(&every, "192.168.1.4:8080") && wr_guard_host(&every, "Cameras.Example:8080"));
    assert_false(wr_guard_host(&every, "evil.example:8080"));
    assert_true(wr_guard_host(&tls, "10.0.0.7") && wr_guard_host(&tls, "10.0.0.7:443"));
    assert_true(wr_guard_origin(&here, "http://localhost:8080", "localhost:8080"));
    assert_false(wr_guard_origin(&here, "", "localhost:8080") || wr_guard_origin(&here, "null", "localhost:8080") ||
                 wr_guard_origin(&here, "https://localhost:8080", "localhost:8080") ||
                 wr_guard_origin(&here, "http://evil.example", "localhost:8080") ||
                 wr_guard_origin(&here, "http://evil.example:8080", "evil.example:8080"));
}

static void test_tokens_of_requests(void **state)
{
    const wr_guard guard = {.token = "0123456789abcdef"}, open = {0};
    (void)state;
    assert_true(wr_guard_token(&open, "", ""));
    assert_true(wr_guard_token(&guard, "Bearer 0123456789abcdef", ""));
    assert_true(wr_guard_token(&guard, "", "a=b; weir_token=0123456789abcdef; c=d"));
    assert_false(wr_guard_token(&guard, "", "") || wr_guard_token(&guard, "Bearer ", "") ||
                 wr_guard_token(&guard, "Bearer 0123456789abcdeF", "") ||
                 wr_guard_token(&guard, "Bearer 0123456789abcdef0", "") ||
                 wr_guard_token(&guard, "", "weir_token=0123456789abcde") ||
                 wr_guard_token(&guard, "", "xweir_token=0123456789abcdef"));
}

/* --- what is asked --- */

static void test_paths(void **state)
{
    static const struct {
        const char *text;
        wr_place place;
        unsigned needs;
    } rows[] = {{"/", WR_AT_PAGE, 0},
                {"/main.js", WR_AT_PAGE, 0},
                {"/healthz", WR_AT_HEALTH, 0},
                {"/healthz/", WR_AT_PAGE, 0},
                {"/api/state", WR_AT_STATE, WR_NEEDS_TOKEN},
                {"/api/streams", WR_AT_STREAMS, WR_NEEDS_TOKEN},
                {"/api/streams/a b/picture.jpg", WR_AT_PICTURE, WR_NEEDS_TOKEN},
                {"/api/streams//picture.jpg", WR_AT_PICTURE, WR_NEEDS_TOKEN},
                {"/api/streams/a/b/picture.jpg", WR_AT_NOTHING, WR_NEEDS_TOKEN},
                {"/api/streams/a", WR_AT_NOTHING, WR_NEEDS_TOKEN},
                {"/login", WR_AT_LOGIN, WR_NEEDS_ORIGIN | WR_NEEDS_POST},
                {"", WR_AT_NOTHING, 0},
                {"*", WR_AT_NOTHING, 0}};
    wr_path path;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wr_path_read(rows[i].text, &path);
        assert_int_equal(path.place, rows[i].place);
        assert_int_equal(path.needs, rows[i].needs);
        assert_string_equal(path.stream, strstr(rows[i].text, "a b") ? "a b" : "");
    }
    assert_int_equal(wr_path_width("640"), 640);
    assert_int_equal(wr_path_width(NULL), 1280);
    assert_int_equal(wr_path_width("-640"), 1280);
    assert_int_equal(wr_path_width("99999999999999999999"), 1280);
}

static wr_says says(const char *text, wr_wish wish[3], int64_t *every_ns)
{
    return wr_wish_read(text, strlen(text), wish, 3, every_ns);
}

static void test_wishes(void **state)
{
    wr_wish wish[3] = {{.as = WR_AS_PACKETS}, {0}, {.as = WR_AS_RESULTS}};
    int64_t every_ns = 0;
    (void)state;
    static const char *const nonsense[] = {"",
                                           "{",
                                           "[]",
                                           "{\"type\":\"watch\"}",
                                           "{\"type\":\"watch\",\"streams\":{}}",
                                           "{\"type\":7}",
                                           "{\"type\":\"x\",\"streams\":[]}"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        assert_int_equal(says(nonsense[i], wish, &every_ns), WR_SAYS_NOTHING);
    assert_int_equal(wish[0].as, WR_AS_PACKETS);
    assert_int_equal(
        says("{\"type\":\"watch\",\"streams\":[{\"id\":3,\"as\":\"jpeg\"},{\"id\":\"0\",\"as\":\"jpeg\"},7,"
             "{\"id\":1,\"as\":\"jpeg\",\"width\":320}]}",
             wish, &every_ns),
        WR_SAYS_WATCH);
    assert_true(wish[0].as == WR_AS_NOTHING && wish[1].as == WR_AS_JPEG && wish[2].as == WR_AS_NOTHING);
    assert_int_equal(wish[1].width_px, 320);
    assert_int_equal(says("{\"type\":\"state\",\"every_ms\":1}", wish, &every_ns), WR_SAYS_STATE);
    assert_int_equal(every_ns, 200000000);
    assert_int_equal(says("{\"type\":\"state\"}", wish, &every_ns), WR_SAYS_STATE);
    assert_int_equal(every_ns, 0);
}

/* --- the token's file --- */

static void test_the_token_file(void **state)
{
    char folder[] = "/tmp/weir-token-XXXXXX", path[64], token[WR_TOKEN_TEXT], again[WR_TOKEN_TEXT], why[200];
    struct stat about;
    bool fresh;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/token", folder);
    assert_true(wr_token_get(path, token, &fresh, why, sizeof why));
    assert_true(fresh);
    assert_int_equal(strspn(token, "0123456789abcdef"), 64);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_true(wr_token_get(path, again, &fresh, why, sizeof why));
    assert_false(fresh);
    assert_string_equal(again, token);
    FILE *file = fopen(path, "a");
    assert_true(file && fputs("0\n", file) >= 0 && fclose(file) == 0);
    assert_false(wr_token_get(path, again, &fresh, why, sizeof why)); /* more than there may be */
    chmod(path, 0644);
    assert_false(wr_token_get(path, again, &fresh, why, sizeof why));
    assert_non_null(strstr(why, "can be read by others"));
    chmod(path, 0600);
    assert_int_equal(truncate(path, 10), 0);
    assert_false(wr_token_get(path, again, &fresh, why, sizeof why));
    assert_non_null(strstr(why, "64 hexadecimal digits"));
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(wr_token_get(path, again, &fresh, why, sizeof why));
    unlink(path);
    rmdir(folder);
}

/* --- what browsers call codecs --- */

static weir_codec *codec(const char *name, const void *extradata, uint32_t bytes)
{
    weir_codec *made = calloc(1, sizeof *made + bytes);
    snprintf(made->name, sizeof made->name, "%s", name);
    made->extradata_bytes = bytes;
    made->extradata_offset = sizeof *made;
    made->profile = made->level = UINT32_MAX;
    if (bytes)
        memcpy(made + 1, extradata, bytes);
    return made;
}

static void test_names_of_codecs(void **state)
{
    static const uint8_t avcc[] = {1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 0},
                         annexb[] = {0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1e, 9};
    static const struct {
        const char *codec;
        const void *data;
        uint32_t bytes;
        const char *name;
        bool avcc;
    } rows[] = {{"h264", avcc, sizeof avcc, "avc1.64001f", true},
                {"h264", annexb, sizeof annexb, "avc1.42e01e", false},
                {"h264", NULL, 0, "avc1.640028", false},
                {"vp8", NULL, 0, "vp8", false},
                {"mjpeg", NULL, 0, "", false}};
    char name[32];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_codec *made = codec(rows[i].codec, rows[i].data, rows[i].bytes);
        wr_codec_name(made, name);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(wr_codec_is_avcc(made), rows[i].avcc);
        free(made);
    }
}

static void test_parameter_sets_before_key_frames(void **state)
{
    static const uint8_t sets[] = {0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1e, 0, 0, 1, 0x68}, slice[] = {0, 0, 1, 0x65, 1, 2};
    size_t bytes;
    (void)state;
    weir_codec *made = codec("h264", sets, sizeof sets);
    assert_non_null(wr_codec_before(made, slice, sizeof slice, &bytes));
    assert_int_equal(bytes, sizeof sets);
    assert_null(wr_codec_before(made, sets, sizeof sets, &bytes)); /* it has them */
    assert_int_equal(bytes, 0);
    free(made);
}

/* --- for programs --- */

static weir_node_stats nodes[] = {{.name = "cam\"era",
                                   .component = "video",
                                   .runner = "process",
                                   .state = "failed",
                                   .options = "url=a.mp4\npace=live\n",
                                   .restarts = 2}};
static weir_link_stats links[] = {
    {.from = "cam\"era",
     .to = "page",
     .offered = 7,
     .taken = 6,
     .dropped = {[WEIR_OVERFLOW] = 1},
     .age = {.count = 6, .sum_ns = 12000000, .within = {1, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6}}},
    {.from = "cam\"era", .to = "page.3", .tap = true, .offered = 1, .taken = 1}};
static const weir_stats account = {
    .pipeline = "street", .end = "running", .nodes = 1, .links = 2, .node = nodes, .link = links};

static void contains(const char *text, const char *wanted)
{
    if (!text || !strstr(text, wanted))
        fail_msg("no %s in:\n%s", wanted, text ? text : "nothing");
}

static void test_metrics(void **state)
{
    (void)state;
    char *text = wr_account_metrics(&account);
    contains(text, "# TYPE weir_link_offered_total counter\n");
    contains(text, "weir_link_offered_total{from=\"cam\\\"era\",to=\"page\"} 7\n");
    contains(text, "weir_link_dropped_total{from=\"cam\\\"era\",to=\"page\",reason=\"overflow\"} 1\n");
    contains(text, "weir_link_age_seconds_bucket{from=\"cam\\\"era\",to=\"page\",le=\"0.001\"} 1\n");
    contains(text, "weir_link_age_seconds_bucket{from=\"cam\\\"era\",to=\"page\",le=\"+Inf\"} 6\n");
    contains(text, "weir_link_age_seconds_sum{from=\"cam\\\"era\",to=\"page\"} 0.012");
    contains(text, "weir_node_up{node=\"cam\\\"era\",component=\"video\"} 0\n");
    contains(text, "weir_node_restarts_total{node=\"cam\\\"era\",component=\"video\"} 2\n");
    free(text);
}

static void test_the_graph(void **state)
{
    (void)state;
    char *text = wr_account_graph(&account);
    contains(text, "\"options\":{\"url\":\"a.mp4\",\"pace\":\"live\"}");
    contains(text, "\"to\":\"page\"");
    assert_null(strstr(text, "page.3")); /* viewers are no part of it */
    free(text);
    text = wr_account_state(&account, false);
    assert_null(strstr(text, "page.3")); /* pages are not told of each other's links */
    contains(text, "\"to\":\"page\"");
    free(text);
    text = wr_account_state(&account, true);
    contains(text, "{\"type\":\"state\",\"now_ms\":");
    contains(text, "\"to\":\"page.3\"");
    assert_null(strchr(text, '\n'));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_tokens_of_requests),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_the_token_file),
        cmocka_unit_test(test_names_of_codecs),
        cmocka_unit_test(test_parameter_sets_before_key_frames),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_the_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
