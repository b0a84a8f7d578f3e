#include "last_words.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

enum { DATA_FIELD = 5 }; /* of /proc/self/statm, from 0 */

static wr_desk *written_on;
static uint64_t page_bytes;

/* Nothing but system calls: this may interrupt malloc. */
static void note_memory(int signal)
{
    char text[256];
    (void)signal;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC), field = 0;
    ssize_t bytes = fd >= 0 ? read(fd, text, sizeof text) : 0;
    uint64_t pages = 0;
    for (ssize_t i = 0; i < bytes && field <= DATA_FIELD; i++) {
        if (text[i] == ' ')
            field++;
        else if (field == DATA_FIELD)
            pages = pages * 10 + (uint64_t)(text[i] - '0');
    }
    if (pages * page_bytes > atomic_load(&written_on->own_bytes))
        atomic_store(&written_on->own_bytes, pages * page_bytes);
}

void wr_last_words_prepare(wr_desk *desk)
{
    /* Once: what it was called for happens again, and ends the process. */
    struct sigaction action = {.sa_handler = note_memory, .sa_flags = SA_RESETHAND};
    static const int crashes[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    written_on = desk;
    page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
#ifndef SANITIZED
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
#else
    (void)action, (void)crashes;
#endif
}
