#include "code.h"

#include <string.h>

enum { BITS = 36, COLUMNS = 18, SQUARE_MIN = 8, BLACK = 16, WHITE = 235 };

static int square_px(int width)
{
    return width / COLUMNS < 16 ? width / COLUMNS : 16;
}

static bool fits(int width, int height)
{
    return square_px(width) >= SQUARE_MIN && height >= 2 * square_px(width);
}

/* Four bits that change with every single bit of the number. */
static uint64_t check_of(uint32_t number)
{
    uint32_t sum = 0;
    for (int i = 0; i < 32; i += 4)
        sum = sum * 5 + (number >> i & 15) + 3;
    return (sum ^ sum >> 4 ^ sum >> 8) & 15;
}

bool wr_code_write(uint8_t *luma, int stride, int width, int height, int64_t number)
{
    const int side = square_px(width);
    uint64_t bits = (uint32_t)number | check_of((uint32_t)number) << 32;
    if (!fits(width, height))
        return false;
    for (int i = 0; i < BITS; i++)
        for (int y = 0; y < side; y++)
            memset(luma + (long)(i / COLUMNS * side + y) * stride + i % COLUMNS * side, bits >> i & 1 ? WHITE : BLACK,
                   (size_t)side);
    return true;
}

bool wr_code_read(const uint8_t *luma, int stride, int width, int height, int64_t *number)
{
    const int side = square_px(width);
    uint64_t bits = 0;
    if (!fits(width, height))
        return false;
    for (int i = 0; i < BITS; i++) {
        int sum = 0;
        for (int y = side / 4; y < side - side / 4; y++)
            for (int x = side / 4; x < side - side / 4; x++)
                sum += luma[(long)(i / COLUMNS * side + y) * stride + i % COLUMNS * side + x];
        int counted = (side - 2 * (side / 4)) * (side - 2 * (side / 4));
        bits |= (uint64_t)(sum / counted > (BLACK + WHITE) / 2) << i;
    }
    *number = (int64_t)(uint32_t)bits;
    return bits >> 32 == check_of((uint32_t)bits);
}
