/* Calls: the list of system calls that a process may still make, by seccomp.
 *
 * Two filters, of which the kernel takes the stricter answer: `stop` knows the names, and stops the process for any other;
 * `refuse` knows what arguments the named ones may have, and answers EPERM to others.
 * Thread-safety: one thread; the list then holds for all. */
#ifndef WR_WORKER_CALLS_H
#define WR_WORKER_CALLS_H

#include "sandbox.h"
#include <stddef.h>

/* Needs no_new_privs. False: why says why, and what was put in force so far stays. */
bool wr_calls_restrict(const wr_sandbox_wish *wish, char *why, size_t why_bytes);

/* For tests: a kernel without seccomp. */
extern bool wr_calls_absent;

#endif
