/* Relax: tells the processor that this thread only looks again and again. */
#ifndef WR_RELAX_H
#define WR_RELAX_H

static inline void wr_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
