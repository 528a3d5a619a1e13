/* Stands in for the bootstrapper of Visual Studio by "Use command-line
 * parameters to install Visual Studio" and "Create an offline installation":
 * 5003 if it cannot download, 3010 if a restart is due, 1 for another failure.
 *
 * What it installs is itself: as devenv.exe it knows /ResetSettings. */
#include "stand_in.h"

#define MOST_WORKLOADS 20

static const wchar_t ide[] = L"C:\\Program Files (x86)\\Microsoft Visual Studio\\2019\\Community\\Common7\\IDE";
static const wchar_t *certificates[] = {
    L"manifestRootCertificate.cer",
    L"manifestCounterSignRootCertificate.cer",
    L"vs_installer_opc.RootCertificate.cer",
};

/* One of nobody, whose key was thrown away: certutil takes no other text. */
static const wchar_t certificate[] =
    L"-----BEGIN CERTIFICATE-----\n"
    L"MIIBfTCCASOgAwIBAgIUIcR0cRpp1I5lN8oKctZ3Wkv2rUIwCgYIKoZIzj0EAwIw\n"
    L"EzERMA8GA1UEAwwIc3RhbmQtaW4wIBcNMjYxMTIxMTMwNDExWhgPMjEyNjEwMjgx\n"
    L"MzA0MTFaMBMxETAPBgNVBAMMCHN0YW5kLWluMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
    L"AQcDQgAEoXmXyXaerjR1BNfvprxYILnl/ztO2pugEeJVULJNqPMt01b435WXBaqk\n"
    L"/cL2cqVwWkZQh72wfZez4XA8PEAULqNTMFEwHQYDVR0OBBYEFO5Q+Lm4fpSLSVDi\n"
    L"AmCjZuxfDLANMB8GA1UdIwQYMBaAFO5Q+Lm4fpSLSVDiAmCjZuxfDLANMA8GA1Ud\n"
    L"EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgGq+MOwWTFvkBLBa4s97Egw7d\n"
    L"NXUrxC6iMqqNW/6PtwUCIQD87SHaSXxrbTF0dVnRpy+aE2mCCinaab58EJGFXsLV\n"
    L"AQ==\n"
    L"-----END CERTIFICATE-----\n";

static int devenv(int count, wchar_t **words)
{
    wchar_t folder[MAX_PATH];
    stand_in_for = L"devenv.exe";
    if (count != 6 || !is(words[1], L"/NoSplash") || !is(words[2], L"/ResetSettings") ||
        !is(words[4], L"/Command") || !is(words[5], L"Exit"))
        end(1, L"it would stay open for a person");
    _snwprintf(folder, MAX_PATH, L"%ls\\Microsoft\\VisualStudio\\16.0\\Settings", _wgetenv(L"LOCALAPPDATA"));
    write_text(folder, L"CurrentSettings.vssettings", words[3]);
    say(L"settings are %ls", words[3]);
    return 0;
}

int wmain(int count, wchar_t **words)
{
    stand_in_for = L"Visual Studio's bootstrapper";
    if (started_as(L"devenv.exe"))
        return devenv(count, words);

    int quiet = 0, waits = 0, norestart = 0, no_web = 0;
    wchar_t layout[MAX_PATH] = L"", chosen[1000] = L"";
    for (int i = 1; i < count; i++) {
        if (is(words[i], L"--quiet"))
            quiet = 1;
        else if (is(words[i], L"--wait"))
            waits = 1;
        else if (is(words[i], L"--norestart"))
            norestart = 1;
        else if (_wcsicmp(words[i], L"--noWeb") == 0)
            no_web = 1;
        else if (is(words[i], L"--includeRecommended"))
            continue;
        else if (is(words[i], L"--add") && i + 1 < count) {
            wcscat(chosen, words[++i]);
            wcscat(chosen, L"\n");
        } else if (is(words[i], L"--layout") && i + 1 < count)
            wcscpy(layout, words[++i]);
        else if (is(words[i], L"--lang") && i + 1 < count)
            i++;
        else
            end(1, L"Unknown option '%ls'", words[i]);
    }
    if (!quiet || !norestart)
        end(1, L"it opens a window, or restarts at once");
    if (!waits)
        end(1, L"without --wait it is gone before its installer");

    wchar_t folder[MAX_PATH];
    if (layout[0]) {
        install_itself(layout, L"vs_Community.exe");
        path_in(folder, layout, L"certificates");
        for (int i = 0; i < 3; i++)
            write_text(folder, certificates[i], certificate);
        write_text(layout, L"response.json", chosen);
        say(L"made a layout in %ls", layout);
        return 0;
    }

    wchar_t own[MAX_PATH];
    GetModuleFileNameW(NULL, own, MAX_PATH);
    *wcsrchr(own, L'\\') = 0;
    path_in(folder, own, L"response.json");
    if (!no_web || GetFileAttributesW(folder) == INVALID_FILE_ATTRIBUTES)
        end(5003, L"the bootstrapper failed to download the installer");
    install_itself(ide, L"devenv.exe");
    write_text(ide, L"workloads", chosen);
    say(L"installed; a restart is due");
    return 3010;
}
