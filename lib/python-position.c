/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/python-position.h"

#include <errno.h>

#include "helicopter/python-runtime.h"
#include "lib/python-frame.h"
#include "lib/python-interpreter.h"
#include "lib/python-offsets.h"

void python_position_clear(PythonPosition *position) {
        g_clear_pointer(&position->file, g_free);
        g_clear_pointer(&position->function, g_free);
}

int python_position_find(pid_t pid, PythonPosition *ret_position) {
        PythonOffsets offsets = { 0 };
        PythonRuntime runtime;
        PythonThread thread;
        uint64_t interpreter;
        int r;

        r = python_runtime_find(pid, &runtime);
        if (r < 0)
                return r;
        r = python_offsets_read(pid, runtime.address, &offsets);
        if (r < 0)
                return r == -EFAULT ? -EBADMSG : r;
        if (!offsets.debugger)
                return -ENODATA;
        if (!offsets.frames)
                return -EOPNOTSUPP;
        r = python_interpreter_main(pid, runtime.address, &offsets, &interpreter);
        if (r < 0)
                return r;
        r = python_interpreter_main_thread(pid, interpreter, &offsets, &thread);
        if (r < 0)
                return r;
        return python_frame_read(pid, thread.state, &offsets, ret_position);
}
