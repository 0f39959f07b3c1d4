# SPDX-License-Identifier: Apache-2.0
# calends_library(NAME FOLDERS LINKED...): the static library of the C files directly in FOLDERS (a list), and those to
# its left.
function(calends_library name folders)
	set(sources)
	foreach(folder ${folders})
		file(GLOB found CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.c")
		list(APPEND sources ${found})
	endforeach()
	if(NOT sources)
		add_library(${name} INTERFACE)
		target_link_libraries(${name} INTERFACE ${ARGN})
		return()
	endif()
	add_library(${name} STATIC ${sources})
	calends_flags(${name})
	target_link_libraries(${name} PUBLIC ${ARGN})
endfunction()
