#include "peer.h"

#include <string.h>
#include <weir/boxes.h>
#include <weir/packet.h>
#include <weir/picture.h>

void wr_peer_fill(weir_kind kind, void *data, size_t bytes)
{
    memset(data, 0x5a, bytes);
    if (kind == WEIR_KIND_PICTURE)
        weir_picture_layout(data, WEIR_I420, WR_PEER_SIDE, WR_PEER_SIDE);
    if (kind == WEIR_KIND_PACKET)
        *(weir_packet *)data = (weir_packet){.offset = sizeof(weir_packet),
                                             .bytes = (uint32_t)(bytes - sizeof(weir_packet) - WEIR_PACKET_PADDING)};
    if (kind == WEIR_KIND_CODEC)
        *(weir_codec *)data = (weir_codec){.name = "h264",
                                           .extradata_offset = sizeof(weir_codec),
                                           .extradata_bytes = (uint32_t)(bytes - sizeof(weir_codec))};
    if (kind == WEIR_KIND_BOXES)
        *(weir_boxes *)data = (weir_boxes){.count = (uint32_t)((bytes - sizeof(weir_boxes)) / sizeof(weir_box))};
    if (kind == WEIR_KIND_POINTS)
        *(weir_points *)data = (weir_points){.count = (uint32_t)((bytes - sizeof(weir_points)) / sizeof(weir_point))};
}
