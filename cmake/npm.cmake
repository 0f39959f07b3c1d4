# SPDX-License-Identifier: Apache-2.0
# Browser code of others, as web/package.json and its lock file have it: installed once by npm, checked by npm against
# the lock's hashes and kept in build/.npm for all modes, so that later builds need no network. None of it is in this
# repository. Packagers who have the packages name a folder that holds node_modules in WEB_NPM_DIR.
#
# web_npm_files: what of it is compiled in, each under its own base name (cmake/templates.cmake).

set(WEB_NPM_DIR "" CACHE PATH "A folder whose node_modules is used instead of what npm installs")

set(npm_cache "${CMAKE_SOURCE_DIR}/build/.npm")
set(npm_manifests "${CMAKE_SOURCE_DIR}/web/package.json" "${CMAKE_SOURCE_DIR}/web/package-lock.json")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${npm_manifests})

# The stamp holds the hashes of both files: another lock installs anew.
function(npm_install)
	set(wanted)
	foreach(manifest ${npm_manifests})
		file(SHA256 "${manifest}" sum)
		string(APPEND wanted "${sum}\n")
	endforeach()
	file(MAKE_DIRECTORY "${npm_cache}")
	file(LOCK "${npm_cache}/lock" GUARD FUNCTION TIMEOUT 300)
	if(EXISTS "${npm_cache}/stamp")
		file(READ "${npm_cache}/stamp" installed)
		if(installed STREQUAL wanted)
			return()
		endif()
	endif()
	find_program(npm npm)
	if(NOT npm)
		message(FATAL_ERROR "npm is missing: server/install-packages build installs it. Or configure with "
			"-DWEB_NPM_DIR=<a folder with the node_modules that web/package-lock.json names>.")
	endif()
	message(STATUS "Installing web/package.json")
	file(REMOVE "${npm_cache}/stamp")
	file(COPY ${npm_manifests} DESTINATION "${npm_cache}")
	execute_process(
		COMMAND ${npm} ci --ignore-scripts --no-audit --no-fund --loglevel=error --cache "${npm_cache}/cache"
		WORKING_DIRECTORY "${npm_cache}" RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
	file(REMOVE_RECURSE "${npm_cache}/cache")
	if(failed)
		message(FATAL_ERROR "npm ci of web/package.json failed. It needs the network once; or configure with "
			"-DWEB_NPM_DIR=<a folder with the node_modules that web/package-lock.json names>.\n${said}")
	endif()
	file(WRITE "${npm_cache}/stamp" "${wanted}")
endfunction()

if(WEB_NPM_DIR)
	set(npm_modules "${WEB_NPM_DIR}/node_modules")
else()
	npm_install()
	set(npm_modules "${npm_cache}/node_modules")
endif()

set(web_npm_files
	"${npm_modules}/@event-calendar/build/dist/event-calendar.min.js"
	"${npm_modules}/@event-calendar/build/dist/event-calendar.min.css")
