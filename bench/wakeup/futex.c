/* The limit: two threads and one word. The producer counts the word up and wakes, the consumer waits for it to change;
 * neither spins. `bare-futex FRAMES`, a millisecond apart. */
#include "latencies.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static latencies all;
static int frames_wanted;
static _Atomic uint32_t word;
static _Atomic int64_t sent_ns; /* of the newest frame; published by the word */

static void *produce(void *user)
{
    int64_t due_ns = now_ns();
    for (int i = 0; i < frames_wanted; i++) {
        sleep_until(due_ns += INTERVAL_NS);
        atomic_store_explicit(&sent_ns, now_ns(), memory_order_relaxed);
        atomic_fetch_add(&word, 1);
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return user;
}

/* Frames that came while it slept through are one wake-up, from the newest. */
int main(int argc, char **argv)
{
    pthread_t thread;
    uint32_t seen = 0;
    if (!(frames_wanted = frames_asked(argc, argv)))
        return 2;
    pthread_create(&thread, NULL, produce, NULL);
    while (seen != (uint32_t)frames_wanted) {
        uint32_t now = atomic_load(&word);
        if (now == seen) {
            syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
            continue;
        }
        int64_t ns = now_ns() - atomic_load_explicit(&sent_ns, memory_order_relaxed);
        for (; seen != now; seen++)
            latencies_add(&all, ns);
    }
    pthread_join(thread, NULL);
    return latencies_print(&all, frames_wanted) ? 0 : 1;
}
