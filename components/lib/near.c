#include "near.h"

#include <string.h>

enum { LETTERS = 64 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned two = a < b ? a : b;
    return two < c ? two : c;
}

/* How many letters must be put in, left out or replaced to make one word of the other. */
static unsigned changes(const char *from, const char *to)
{
    unsigned row[LETTERS + 1];
    size_t letters = strlen(to);
    for (size_t i = 0; i <= letters; i++)
        row[i] = (unsigned)i;
    for (unsigned line = 1; *from; from++, line++) {
        unsigned corner = row[0];
        row[0] = line;
        for (size_t i = 1; i <= letters; i++) {
            unsigned above = row[i];
            row[i] = least(above + 1, row[i - 1] + 1, corner + (*from != to[i - 1]));
            corner = above;
        }
    }
    return row[letters];
}

void wr_near_offer(wr_near *near, const char *known)
{
    size_t length = strlen(near->word);
    if (length > LETTERS || strlen(known) > LETTERS)
        return;
    unsigned found = changes(near->word, known), most = length < 4 ? 1 : length < 8 ? 2 : 3;
    if (found > most || (near->best && found >= near->changes))
        return;
    near->best = known;
    near->changes = found;
}
