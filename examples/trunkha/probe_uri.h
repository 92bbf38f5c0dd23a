/** @file probe_uri.h  The URI of a probe */
#ifndef TRUNKHA_PROBE_URI_H
#define TRUNKHA_PROBE_URI_H

/** @p uri with @p transport in place of its own; NULL = as it is. New, to be freed; NULL = out of memory. */
char *probe_uri_with(const char *uri, const char *transport);

#endif
