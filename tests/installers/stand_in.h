/* What the stand-ins of vendors' installers share. Each of them takes the
 * switches that the vendor documents and refuses all others, and says that it
 * is not the vendor's: it stands in for a file that the tests cannot fetch.
 * A program with windows, as all of them are, has nobody who reads its output
 * behind `start`, so what it says goes to a file as well. */
#ifndef STAND_IN_H
#define STAND_IN_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

static const wchar_t *stand_in_for = L"nobody";

static inline void note(FILE *stream, const wchar_t *format, va_list arguments)
{
    fwprintf(stream, L"stand-in for %ls: ", stand_in_for);
    vfwprintf(stream, format, arguments);
    fputws(L"\n", stream);
    fflush(stream);
}

static inline void say(const wchar_t *format, ...)
{
    va_list arguments;
    FILE *log = _wfopen(L"C:\\stand-ins.log", L"a");
    if (log) {
        va_start(arguments, format);
        note(log, format, arguments);
        va_end(arguments);
        fclose(log);
    }
    va_start(arguments, format);
    note(stdout, format, arguments);
    va_end(arguments);
}

static inline void end(int code, const wchar_t *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(stderr, format, arguments);
    va_end(arguments);
    ExitProcess((UINT)code);
}

/* The text after `start`, if the word begins with it. */
static inline const wchar_t *after(const wchar_t *word, const wchar_t *start)
{
    size_t length = wcslen(start);
    return wcsncmp(word, start, length) == 0 ? word + length : NULL;
}

static inline int is(const wchar_t *word, const wchar_t *other) { return wcscmp(word, other) == 0; }

/* With the folders above it. `/` separates as `\` does. */
static inline void make_folders(const wchar_t *path)
{
    wchar_t part[MAX_PATH];
    for (size_t i = 0; i < MAX_PATH; i++) {
        wchar_t letter = path[i] == L'/' ? L'\\' : path[i];
        if (i > 2 && (letter == L'\\' || !letter)) {
            part[i] = 0;
            if (!CreateDirectoryW(part, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
                end(1, L"%ls cannot be made: error %lu", part, GetLastError());
        }
        if (!letter)
            return;
        part[i] = letter;
    }
}

static inline void path_in(wchar_t path[MAX_PATH], const wchar_t *folder, const wchar_t *name)
{
    if (_snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, name) < 0)
        end(1, L"%ls is too long", folder);
}

/* This program by another name plays what it installed. */
static inline void install_itself(const wchar_t *folder, const wchar_t *name)
{
    wchar_t own[MAX_PATH], path[MAX_PATH];
    make_folders(folder);
    path_in(path, folder, name);
    GetModuleFileNameW(NULL, own, MAX_PATH);
    if (!CopyFileW(own, path, FALSE))
        end(1, L"%ls cannot be written: error %lu", path, GetLastError());
}

static inline void write_text(const wchar_t *folder, const wchar_t *name, const wchar_t *text)
{
    wchar_t path[MAX_PATH];
    make_folders(folder);
    path_in(path, folder, name);
    FILE *file = _wfopen(path, L"w");
    if (!file)
        end(1, L"%ls cannot be written", path);
    fputws(text, file);
    fclose(file);
}

static inline void set_text(HKEY root, const wchar_t *key, const wchar_t *name, const wchar_t *text)
{
    DWORD size = (DWORD)((wcslen(text) + 1) * sizeof(wchar_t));
    if (RegSetKeyValueW(root, key, name, REG_SZ, text, size))
        end(1, L"%ls\\%ls cannot be set", key, name);
}

static inline void set_number(HKEY root, const wchar_t *key, const wchar_t *name, DWORD number)
{
    if (RegSetKeyValueW(root, key, name, REG_DWORD, &number, sizeof number))
        end(1, L"%ls\\%ls cannot be set", key, name);
}

static inline DWORD number_of(HKEY root, const wchar_t *key, const wchar_t *name)
{
    DWORD number = 0, size = sizeof number;
    RegGetValueW(root, key, name, RRF_RT_REG_DWORD, NULL, &number, &size);
    return number;
}

/* Whether this program was started under that name. */
static inline int started_as(const wchar_t *name)
{
    wchar_t own[MAX_PATH];
    GetModuleFileNameW(NULL, own, MAX_PATH);
    const wchar_t *last = wcsrchr(own, L'\\');
    return _wcsicmp(last ? last + 1 : own, name) == 0;
}

#endif
