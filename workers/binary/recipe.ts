/**
 * What a local build does differently from mediasoup's own. The cache key is a hash over this file and the folders
 * named below, so a change here makes everyone build again.
 */

/** Copied into the sources: system libraries in place of mediasoup's subprojects, and precompiled headers. */
export const addedFolders = ['subprojects', 'pch'] as const

export interface Patch {
  file: string
  find: string
  replace: string
  why: string
}

export const patches: readonly Patch[] = [
  {
    file: 'meson.build',
    find: `meson_version: '>= 1.1.0'`,
    replace: `meson_version: '>= 1.0.0'`,
    why: 'Debian 12 has Meson 1.0.1, which is new enough',
  },
  {
    file: 'meson.build',
    find: `  'mediasoup-worker',\n  build_by_default: true,`,
    replace: `  'mediasoup-worker',\n  build_by_default: true,\n  cpp_pch: 'pch/common-headers.hpp',`,
    why: 'precompiled headers make the build a quarter shorter',
  },
  {
    // The callback runs before and after each operation of the outgoing BIO. It returns 1 for the "after" of control
    // operations instead of their result, so OpenSSL's question "does the kernel do TLS for you?" is answered yes.
    // An OpenSSL with kernel TLS then makes no write buffer, and the worker dies at its first DTLS handshake.
    file: 'src/RTC/DtlsTransport.cpp',
    find: '(operationType == BIO_CB_RETURN)',
    replace: '((operationType & BIO_CB_RETURN) != 0)',
    why: 'without it the worker crashes at the first DTLS handshake with an OpenSSL that has kernel TLS',
  },
]

export const mesonOptions: readonly string[] = [
  '--buildtype=release',
  '-Db_ndebug=true',
  // Whatever is not on this machine must fail here, not be fetched from somewhere.
  '--wrap-mode=nodownload',
]

/** Commands and pkg-config modules a build needs, each with the Debian package that brings it. */
export const buildTools: Readonly<Record<string, string>> = {
  'c++': 'g++',
  meson: 'meson',
  ninja: 'ninja-build',
  'pkg-config': 'pkg-config',
  flatc: 'flatbuffers-compiler',
}

export const buildLibraries: Readonly<Record<string, string>> = {
  libuv: 'libuv1-dev',
  openssl: 'libssl-dev',
  libsrtp2: 'libsrtp2-dev',
  flatbuffers: 'libflatbuffers-dev',
  absl_strings: 'libabsl-dev',
  absl_optional: 'libabsl-dev',
}
