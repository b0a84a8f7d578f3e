/* Codecs: which decoders of FFmpeg a stream may choose. It has hundreds, most of them for formats of games and old disks
 * that no camera sends and nobody has looked at for years; what comes from outside reaches these only. */
#ifndef WR_LIB_CODECS_H
#define WR_LIB_CODECS_H

#define WR_CODECS_READ "h264,hevc,libdav1d,libaom-av1,av1,vp8,vp9,mjpeg,mpeg4,mpeg2video,mpeg1video,h263,theora"

#endif
