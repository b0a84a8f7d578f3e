#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>
#include <weir/log.h>

enum { LINES = 5000 };

/* Everything that the pipe holds. */
static char *drain(int fd)
{
    size_t room = 1 << 20, used = 0;
    char *text = calloc(1, room + 1);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (ssize_t bytes = 1; bytes > 0; used += bytes > 0 ? (size_t)bytes : 0)
        bytes = read(fd, text + used, room - used);
    return text;
}

static void test_nobody_waits_for_who_reads_the_log(void **state)
{
    int ends[2], before = dup(STDERR_FILENO);
    (void)state;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < LINES; i++)
        weir_log(WEIR_LOG_WARNING, "camera", "line %d", i); /* would stop here for ever */
    char *held = drain(ends[0]);
    weir_log(WEIR_LOG_WARNING, "camera", "the last");
    char *after = drain(ends[0]);
    dup2(before, STDERR_FILENO);
    int lines = 0;
    for (const char *at = held; (at = strchr(at, '\n')); at++)
        lines++;
    assert_in_range(lines, 1, LINES - 1);
    char wanted[200];
    snprintf(wanted, sizeof wanted,
             "weir: warning: %d lines of the log were left out: nobody read them\nweir: warning: camera: the last\n",
             LINES - lines);
    assert_string_equal(after, wanted);
    free(held);
    free(after);
    close(before);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_waits_for_who_reads_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
