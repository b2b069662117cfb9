# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration and the VM suite share."""
