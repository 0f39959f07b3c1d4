# SPDX-License-Identifier: Apache-2.0
# calends_flags(TARGET): warnings, hardening and the mode's options for code of ours.

set(warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla -Wnull-dereference -Wimplicit-fallthrough -Wswitch-enum)
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
	list(APPEND warnings -Wcast-align=strict -Wformat-signedness -Walloca -Wduplicated-cond -Wduplicated-branches
		-Wlogical-op -Wstack-usage=16384)
endif()

# Lines, but not variables: a fifth less to compile.
option(LINES_ALONE "Debug information of lines alone, not of variables (mode dev)" OFF)
set(lines -g1)
set(debug -g)
if(LINES_ALONE)
	set(debug ${lines})
endif()

set(sanitizers)
set(mode_options)
if(MODE STREQUAL dev)
	set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
	set(mode_options -O1 ${debug} -fno-omit-frame-pointer -DCALENDS_DEV=1)
elseif(MODE STREQUAL tsan)
	set(sanitizers -fsanitize=thread)
	set(mode_options -O1 ${lines} -DCALENDS_DEV=1)
elseif(MODE STREQUAL fuzz)
	if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
		message(FATAL_ERROR "MODE=fuzz needs clang: configure with CC=clang-14")
	endif()
	set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
	set(mode_options -O1 ${lines} -fsanitize=fuzzer-no-link -DCALENDS_DEV=1)
elseif(MODE STREQUAL release)
	set(mode_options -O2 -g -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fno-common
		-ftrivial-auto-var-init=zero -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
	add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
else()
	message(FATAL_ERROR "MODE is dev, release, tsan or fuzz, not '${MODE}'")
endif()
add_compile_options(${sanitizers})
add_link_options(${sanitizers})
# A hundred programs of tests are linked: by lld for a third of what GNU's linker takes. What is shipped stays with that.
find_program(LLD ld.lld)
mark_as_advanced(LLD)
if(LLD AND NOT MODE STREQUAL release)
	add_link_options(-fuse-ld=lld)
endif()

# Only what a compiler knows: gcc 12 and clang 14 differ by a few.
function(calends_flags target)
	target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
	target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
	target_compile_options(${target} PRIVATE ${warnings} ${mode_options})
	if(WARNINGS_ARE_ERRORS OR MODE STREQUAL dev)
		target_compile_options(${target} PRIVATE -Werror)
	endif()
endfunction()
