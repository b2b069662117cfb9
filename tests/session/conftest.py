# SPDX-License-Identifier: LGPL-2.1-or-later
from support.logged_in import service_manager, session  # noqa: F401 - fixtures
