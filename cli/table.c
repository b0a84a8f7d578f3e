#include "table.h"

#include "core/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a grid of cells --- */

/* Columns of some width at least, so that they do not jump about with every number. */
enum { COLUMNS_MAX = 8, LEAST_WIDTH = 7 };

typedef struct text_grid {
    int columns;
    const char *right; /* a letter a column: 'r' for numbers */
    char **cell;       /* row after row */
    size_t cells;
} text_grid;

static void put(text_grid *grid, const char *format, ...) WEIR_PRINTF(2, 3);

static void put(text_grid *grid, const char *format, ...)
{
    wr_text text = {0};
    va_list args;
    va_start(args, format);
    wr_text_addv(&text, format, args);
    va_end(args);
    grid->cell = wr_must_append(grid->cell, grid->cells, sizeof *grid->cell);
    grid->cell[grid->cells++] = text.data;
}

static void print_row(wr_text *out, const text_grid *grid, size_t first, const int *widths)
{
    for (int column = 0; column < grid->columns; column++) {
        bool right = grid->right[column] == 'r', last = column == grid->columns - 1;
        const char *text = grid->cell[first + (size_t)column];
        wr_text_add(out, "%s%*s", column ? "  " : "", right ? widths[column] : last ? 0 : -widths[column], text);
    }
    wr_text_add_char(out, '\n');
}

static void print_grid(wr_text *out, text_grid *grid)
{
    int widths[COLUMNS_MAX] = {0};
    for (int column = 0; column < grid->columns; column++)
        widths[column] = LEAST_WIDTH;
    for (size_t i = 0; i < grid->cells; i++) {
        int *width = &widths[i % (size_t)grid->columns], length = (int)strlen(grid->cell[i]);
        *width = length > *width ? length : *width;
    }
    for (size_t i = 0; i < grid->cells; i += (size_t)grid->columns)
        print_row(out, grid, i, widths);
    for (size_t i = 0; i < grid->cells; i++)
        free(grid->cell[i]);
    free(grid->cell);
}

/* --- numbers --- */

typedef char short_text[32];

static const char *time_text(int64_t ns, short_text buffer)
{
    double ms = (double)ns / 1e6;
    if (ms >= 10000)
        snprintf(buffer, sizeof(short_text), "%.1f s", ms / 1000);
    else
        snprintf(buffer, sizeof(short_text), ms < 10 ? "%.1f ms" : "%.0f ms", ms);
    return buffer;
}

static const char *spread_text(int64_t ns, const weir_spread *spread, short_text buffer)
{
    return spread->count ? time_text(ns, buffer) : "-";
}

static double rate(uint64_t now, uint64_t before, double seconds)
{
    return seconds > 0 && now >= before ? (double)(now - before) / seconds : 0;
}

static double seconds_between(const weir_stats *now, const weir_stats *before)
{
    return now->duration_s - (before ? before->duration_s : 0);
}

static const weir_node_stats *node_before(const weir_stats *before, const char *name)
{
    for (int i = 0; before && i < before->nodes; i++)
        if (strcmp(before->node[i].name, name) == 0)
            return &before->node[i];
    return NULL;
}

static const weir_link_stats *link_before(const weir_stats *before, const weir_link_stats *link)
{
    for (int i = 0; before && i < before->links; i++) {
        const weir_link_stats *other = &before->link[i];
        if (strcmp(other->from, link->from) == 0 && strcmp(other->to, link->to) == 0 &&
            other->from_port == link->from_port && other->to_port == link->to_port)
            return other;
    }
    return NULL;
}

static uint64_t all_dropped(const weir_link_stats *link)
{
    uint64_t sum = 0;
    for (int i = 0; i < WEIR_REASONS; i++)
        sum += link->dropped[i];
    return sum;
}

/* --- the table --- */

static void put_rate(text_grid *grid, uint64_t now, uint64_t before, double seconds)
{
    if (now)
        put(grid, "%.1f", rate(now, before, seconds));
    else
        put(grid, "-");
}

static void print_nodes(wr_text *out, const weir_stats *now, const weir_stats *before)
{
    static const char *const head[] = {"NODE", "COMPONENT", "STATE", "ERRORS", "IN/s", "OUT/s", "BUSY p50", "p99"};
    double seconds = seconds_between(now, before);
    text_grid grid = {.columns = 8, .right = "lllrrrrr"};
    for (int i = 0; i < 8; i++)
        put(&grid, "%s", head[i]);
    for (int i = 0; i < now->nodes; i++) {
        const weir_node_stats *node = &now->node[i], *old = node_before(before, node->name);
        short_text p50, p99;
        put(&grid, "%s", node->name);
        put(&grid, "%s", node->component);
        put(&grid, "%s", node->state);
        put(&grid, "%llu", (unsigned long long)node->errors + node->lost);
        put_rate(&grid, node->frames_in, old ? old->frames_in : 0, seconds);
        put_rate(&grid, node->frames_out, old ? old->frames_out : 0, seconds);
        put(&grid, "%s", spread_text(node->busy.p50_ns, &node->busy, p50));
        put(&grid, "%s", spread_text(node->busy.p99_ns, &node->busy, p99));
    }
    print_grid(out, &grid);
}

static void put_dropped(text_grid *grid, const weir_link_stats *link)
{
    wr_text text = {0};
    for (int i = 0; i < WEIR_REASONS; i++)
        if (link->dropped[i])
            wr_text_add(&text, "%s%llu %s", text.length ? ", " : "", (unsigned long long)link->dropped[i],
                        weir_reason_name((weir_reason)i));
    put(grid, "%s%s", text.length ? text.data : "0", link->cut ? " (cut)" : "");
    free(text.data);
}

static void print_links(wr_text *out, const weir_stats *now, const weir_stats *before)
{
    static const char *const head[] = {"LINK", "TAKE", "/s", "AGE p50", "p99", "WAITING", "LET GO"};
    double seconds = seconds_between(now, before);
    text_grid grid = {.columns = 7, .right = "llrrrrl"};
    for (int i = 0; i < 7; i++)
        put(&grid, "%s", head[i]);
    for (int i = 0; i < now->links; i++) {
        const weir_link_stats *link = &now->link[i], *old = link_before(before, link);
        short_text take, p50, p99;
        put(&grid, "%s > %s", link->from, link->to);
        put(&grid, "%s", link->inline_ ? "inline" : weir_policy_text(&link->policy, take));
        put(&grid, "%.1f", rate(link->taken, old ? old->taken : 0, seconds));
        put(&grid, "%s", spread_text(link->age.p50_ns, &link->age, p50));
        put(&grid, "%s", spread_text(link->age.p99_ns, &link->age, p99));
        put(&grid, "%llu", (unsigned long long)link->waiting);
        put_dropped(&grid, link);
    }
    if (now->links)
        print_grid(out, &grid);
    else
        free(grid.cell);
}

static void print_head(wr_text *out, const weir_stats *now)
{
    int seconds = (int)now->duration_s;
    wr_text_add(out, "%s  %d:%02d:%02d  %s  frames in memory at most %.1f of %.1f MiB\n", now->pipeline, seconds / 3600,
                seconds / 60 % 60, seconds % 60, now->end, (double)now->pool_peak_bytes / 1048576,
                (double)now->bound_bytes / 1048576);
}

/* Cuts every line to `width` characters and keeps at most `height` lines. */
static char *cut(const char *text, int width, int height, int *lines)
{
    wr_text out = {0};
    wr_text_add(&out, "%s", "");
    int column = 0;
    for (*lines = 0; *text && (height <= 0 || *lines < height); text++) {
        bool starts_character = ((unsigned char)*text & 0xc0) != 0x80;
        if (*text == '\n') {
            wr_text_add_char(&out, '\n');
            column = 0;
            ++*lines;
            continue;
        }
        column += starts_character;
        if (width <= 0 || column <= width)
            wr_text_add_char(&out, *text);
    }
    return out.data;
}

char *wr_table_text(const weir_stats *now, const weir_stats *before, int width, int height, int *lines)
{
    wr_text all = {0};
    print_head(&all, now);
    print_nodes(&all, now, before);
    print_links(&all, now, before);
    char *text = cut(all.data, width, height, lines);
    free(all.data);
    return text;
}

char *wr_table_line(const weir_stats *now, const weir_stats *before)
{
    enum { LINKS_SHOWN = 6 };
    double seconds = seconds_between(now, before);
    wr_text line = {0};
    wr_text_add(&line, "%.0f s", now->duration_s);
    for (int i = 0; i < now->nodes && now->links == 0; i++)
        wr_text_add(&line, "%s%s %llu frames", i ? ", " : ": ", now->node[i].name,
                    (unsigned long long)now->node[i].frames_out);
    for (int i = 0; i < now->links && i < LINKS_SHOWN; i++) {
        const weir_link_stats *link = &now->link[i], *old = link_before(before, link);
        short_text p50, p99;
        wr_text_add(&line, "%s%s > %s %.1f/s", i ? "; " : ": ", link->from, link->to,
                    rate(link->taken, old ? old->taken : 0, seconds));
        if (link->age.count)
            wr_text_add(&line, ", age %s (p99 %s)", time_text(link->age.p50_ns, p50), time_text(link->age.p99_ns, p99));
        if (all_dropped(link))
            wr_text_add(&line, ", %llu let go", (unsigned long long)all_dropped(link));
    }
    if (now->links > LINKS_SHOWN)
        wr_text_add(&line, "; and %d more links", now->links - LINKS_SHOWN);
    return line.data;
}
