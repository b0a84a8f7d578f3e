/* Table: a snapshot of a pipeline as text, for people. */
#ifndef WR_TABLE_H
#define WR_TABLE_H

#include <weir/stats.h>

/* Frames per second are those since `before` (NULL: since the start). Lines are cut to `width` columns, and their
 * number to `height` (0: as many as there are). Every line ends in a newline; *lines says how many there are. The
 * caller frees the text. */
char *wr_table_text(const weir_stats *now, const weir_stats *before, int width, int height, int *lines);
/* The same in one line, for logs. The caller frees it. */
char *wr_table_line(const weir_stats *now, const weir_stats *before);

#endif
