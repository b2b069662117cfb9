/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/start-failure.h"

#include "client/report.h"
#include "helicopter/error.h"
#include "helicopter/exit-code.h"

int start_failure(const sd_bus_error *error, int r, int otherwise) {
        report_failure(error, r);
        if (sd_bus_error_has_name(error, HELICOPTER_ERROR_COMMAND_NOT_FOUND))
                return EXIT_NOT_FOUND;
        if (sd_bus_error_has_name(error, HELICOPTER_ERROR_NOT_EXECUTABLE))
                return EXIT_NOT_EXECUTABLE;
        return otherwise;
}
