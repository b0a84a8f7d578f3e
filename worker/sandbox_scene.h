/* Scene: what the sandbox's tests play in, and children that enter and do one thing. */
#ifndef WR_SANDBOX_SCENE_H
#define WR_SANDBOX_SCENE_H

#include "sandbox.h"
#include <netinet/in.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#elif __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif
#ifndef WITH_TSAN
#define WITH_TSAN 0
#endif

/* A folder in /tmp with the folders read, write and outside, a file in each, and write/way-out, a link to outside/file. */
extern char scene_root[64];
extern const char *const scene_reads[], *const scene_writes[];
extern struct sockaddr_in scene_address;         /* somebody listens there */
extern int scene_memory, scene_memory_read_only; /* 4096 bytes as the engine shares them, twice */
int scene_make(void **state);
int scene_clear(void **state);
/* The path of what is in it; good for three more calls. */
const char *scene(const char *path);

/* Skips the test with ThreadSanitizer: a thread of its own runs before all, which Landlock before 8 does not bind, and
 * it stands between sigaction(), pthread_cancel(), setuid() and the kernel. */
void scene_not_with_tsan(void);

/* How a child ended: 0 or an errno that it returned, STOPPED and the call, or KILLED and the signal. */
enum { STOPPED = 1000, KILLED = 5000 };

/* Runs `inside` in a child that has entered with the wish; `before`, if any, before that. */
int sandbox_try(const wr_sandbox_wish *wish, int (*before)(void), int (*inside)(void));
/* The child's report of the last try. */
extern const wr_sandbox_report *sandbox_reported;
wr_sandbox_level sandbox_level(void);

#endif
