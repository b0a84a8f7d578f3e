/* The limit: a bare ring between two threads, one frame's identity (64 bytes) a slot. No accounts, no policy, no sleep:
 * `bare-ring FRAMES DEPTH [stamped]`. Each side keeps a copy of the other's index and looks again only when it must,
 * the usual way of such rings. `stamped`: the producer reads the clock for each frame and the consumer at each take, to
 * keep the largest age: the clock readings without which nobody can tell ages. */
#include "../stopwatch.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct frame {
    uint64_t word[8]; /* word 0: its number; word 1: when it was made */
} frame;

typedef struct taken {
    uint64_t sum;
    int64_t age_max_ns;
} taken;

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

/* Inlined with `stamped` known, so that the plain ring does not even ask. */
static inline __attribute__((always_inline)) void produce(bool stamped)
{
    uint64_t head_seen = 0;
    for (uint64_t tail = 0; tail < frames; tail++) {
        while (tail - head_seen > mask) {
            head_seen = atomic_load_explicit(&ring.head, memory_order_acquire);
            if (tail - head_seen > mask)
                pause_a_little();
        }
        frame made = {{tail, stamped ? (uint64_t)now_ns() : tail + 1, tail + 2, 3, 4, 5, 6, 7}};
        ring.slot[tail & mask] = made;
        atomic_store_explicit(&ring.tail, tail + 1, memory_order_release);
    }
}

static inline __attribute__((always_inline)) taken consume(bool stamped)
{
    taken all = {0};
    uint64_t tail_seen = 0;
    for (uint64_t head = 0; head < frames; head++) {
        while (tail_seen == head) {
            tail_seen = atomic_load_explicit(&ring.tail, memory_order_acquire);
            if (tail_seen == head)
                pause_a_little();
        }
        frame one = ring.slot[head & mask];
        atomic_store_explicit(&ring.head, head + 1, memory_order_release);
        all.sum += one.word[0];
        int64_t age_ns = stamped ? now_ns() - (int64_t)one.word[1] : 0;
        all.age_max_ns = age_ns > all.age_max_ns ? age_ns : all.age_max_ns;
    }
    return all;
}

static void *produce_plain(void *user)
{
    produce(false);
    return user;
}

static void *produce_stamped(void *user)
{
    produce(true);
    return user;
}

int main(int argc, char **argv)
{
    bool stamped = argc == 4 && strcmp(argv[3], "stamped") == 0;
    if (argc != 3 && !stamped) {
        fprintf(stderr, "usage: bare-ring FRAMES DEPTH [stamped]; DEPTH: a power of two up to 65536\n");
        return 2;
    }
    frames = strtoull(argv[1], NULL, 10);
    mask = strtoull(argv[2], NULL, 10) - 1;
    pthread_t thread;
    int64_t began_ns = now_ns(), began_cpu_ns = cpu_ns();
    pthread_create(&thread, NULL, stamped ? produce_stamped : produce_plain, NULL);
    taken all = stamped ? consume(true) : consume(false);
    double ns = (double)(now_ns() - began_ns) / (double)frames;
    pthread_join(thread, NULL);
    double cpu_us = (double)(cpu_ns() - began_cpu_ns) / 1e3 / (double)frames;
    printf("{\"ns_per_frame\": %.2f, \"frames_per_s\": %.0f, \"cpu_us_per_frame\": %.4f", ns, 1e9 / ns, cpu_us);
    if (stamped)
        printf(", \"age_max_us\": %.2f", (double)all.age_max_ns / 1e3);
    printf("}\n");
    return all.sum == frames * (frames - 1) / 2 ? 0 : 1;
}
