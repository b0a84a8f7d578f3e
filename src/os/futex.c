#include "os/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns, int kind)
{
    struct timespec deadline = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000};
    const struct timespec *until = deadline_ns == INT64_MAX ? NULL : &deadline;
    if (deadline_ns < 0)
        return;
    /* FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC. */
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET | kind, value, until, NULL, FUTEX_BITSET_MATCH_ANY);
}

void wr_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns)
{
    wait(word, value, deadline_ns, FUTEX_PRIVATE_FLAG);
}

void wr_futex_wait_shared(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns)
{
    wait(word, value, deadline_ns, 0);
}

void wr_futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

void wr_futex_wake_shared(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
