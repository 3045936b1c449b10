# The addon as it ships: prebuildify and `ipvs build-addon` build this.
{
  "targets": [
    {
      "target_name": "ipvs",
      "conditions": [
        ["OS!='linux'", {"type": "none"}],
        ["OS=='linux'", {
          "sources": ["<!@(node -p \"require('fs').readFileSync('csrc/sources.txt','utf8').trim()\")"],
          "include_dirs": ["csrc", "<!(node -p \"require('node-addon-api').include_dir\")"],
          "defines": [
            "NAPI_VERSION=9",
            "NODE_ADDON_API_CPP_EXCEPTIONS",
            "NODE_ADDON_API_CPP_EXCEPTIONS_ALL",
            "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
            "NODE_ADDON_API_DISABLE_DEPRECATED"
          ],
          # Both change only the names of functions, to names that musl lacks.
          "defines!": ["_FILE_OFFSET_BITS=64", "_LARGEFILE_SOURCE"],
          "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
          # Optimized for size: the kernel and Node.js take most of the time, and two addons are in the package.
          # As one partition, because symbol_versions.h has to be in the same one as what it names.
          # For arm64, the linker pads a file to a multiple of 64 KB: a little less code may be a lot.
          "cflags_cc": [
            "-include", "os/symbol_versions.h", "-std=c++20", "-Os", "-flto", "-fno-rtti", "-fomit-frame-pointer", "-Wall", "-Wextra",
            "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-fno-gnu-unique",
            "-ffunction-sections", "-fdata-sections",
            "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"
          ],
          "ldflags": [
            "-flto", "-flto-partition=one", "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections",
            "-Wl,-z,noseparate-code", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,nodelete"
          ]
        }]
      ]
    }
  ]
}
