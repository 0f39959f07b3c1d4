// SPDX-License-Identifier: Apache-2.0
// What a booking page gains by scripts: the visitor's own time zone at once, and its height for the site that frames it.
const own = document.querySelector('meta[name=calends-zone]')?.content;
const zone = own && Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && zone !== own) {
	const address = new URL(location);
	address.searchParams.set('tz', zone);
	location.replace(address);
}
// embed.js asks; who is asked by another window than the one around it says nothing.
if (parent !== window)
	addEventListener('message', ({ source, origin, data }) => {
		if (source !== parent || data?.calends !== 'height?' || origin === 'null') return;
		const tell = () => parent.postMessage({ calendsHeight: document.body.offsetHeight }, origin);
		new ResizeObserver(tell).observe(document.body);
	});
