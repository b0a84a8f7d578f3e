/* The limit: a bare ring between two threads, one frame's identity (64 bytes) a slot. No accounts, no ages, no policy,
 * no sleep: `bare-ring FRAMES DEPTH`. Each side keeps a copy of the other's index and looks again only when it must,
 * the usual way of such rings. */
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct frame {
    uint64_t word[8];
} frame;

static struct {
    alignas(64) _Atomic uint64_t tail;
    alignas(64) _Atomic uint64_t head;
    alignas(64) frame slot[65536];
} ring;
static uint64_t frames, mask;

static void pause_a_little(void)
{
#if defined __x86_64__
    __builtin_ia32_pause();
#endif
}

static void *produce(void *user)
{
    uint64_t head_seen = 0;
    (void)user;
    for (uint64_t tail = 0; tail < frames; tail++) {
        while (tail - head_seen > mask) {
            head_seen = atomic_load_explicit(&ring.head, memory_order_acquire);
            if (tail - head_seen > mask)
                pause_a_little();
        }
        frame made = {{tail, tail + 1, tail + 2, 3, 4, 5, 6, 7}};
        ring.slot[tail & mask] = made;
        atomic_store_explicit(&ring.tail, tail + 1, memory_order_release);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bare-ring FRAMES DEPTH\n");
        return 2;
    }
    frames = strtoull(argv[1], NULL, 10);
    mask = strtoull(argv[2], NULL, 10) - 1;
    struct timespec began, ended;
    pthread_t thread;
    uint64_t tail_seen = 0, sum = 0;
    clock_gettime(CLOCK_MONOTONIC, &began);
    pthread_create(&thread, NULL, produce, NULL);
    for (uint64_t head = 0; head < frames; head++) {
        while (tail_seen == head) {
            tail_seen = atomic_load_explicit(&ring.tail, memory_order_acquire);
            if (tail_seen == head)
                pause_a_little();
        }
        frame taken = ring.slot[head & mask];
        sum += taken.word[0];
        atomic_store_explicit(&ring.head, head + 1, memory_order_release);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    pthread_join(thread, NULL);
    double ns =
        ((double)(ended.tv_sec - began.tv_sec) * 1e9 + (double)(ended.tv_nsec - began.tv_nsec)) / (double)frames;
    printf("{\"ns_per_frame\": %.2f, \"frames_per_s\": %.0f}\n", ns, 1e9 / ns);
    return sum == frames * (frames - 1) / 2 ? 0 : 1;
}
