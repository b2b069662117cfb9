/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/peer.h"

/* Export org.helicopter1.Registry to a peer, for its connection's lifetime. 0 or a negative errno. */
int registry_export(Peer *peer);
