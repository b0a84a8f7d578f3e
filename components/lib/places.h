/* Places: folders that were known when this was built. */
#ifndef WR_LIB_PLACES_H
#define WR_LIB_PLACES_H

extern const char wr_source_root[], wr_build_root[];
extern const char wr_share_folder[]; /* where weir is installed */

#endif
