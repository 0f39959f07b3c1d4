// SPDX-License-Identifier: Apache-2.0
// <script async src="https://…/embed.js" data-page="intro-call"></script> puts a booking page where it stands: in a frame of
// its own origin, as high as what is in it. data-title: what the frame is called for who cannot see it.
(() => {
	const script = document.currentScript;
	const page = script?.dataset.page ?? '';
	if (!/^[a-z0-9-]{3,64}$/.test(page)) {
		console.error('embed.js: data-page has to be the address of a booking page, like intro-call');
		return;
	}
	const origin = new URL(script.src).origin;
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	const frame = document.createElement('iframe');
	let looked = false;
	frame.src = `${origin}/embed/${page}${zone ? `?tz=${encodeURIComponent(zone)}` : ''}`;
	frame.title = script.dataset.title || 'Book an appointment';
	frame.loading = 'lazy';
	Object.assign(frame.style, { display: 'block', width: '100%', height: '640px', border: '0' });
	// Each page in it is asked how high it is, and answers this origin alone.
	frame.addEventListener('load', () => {
		frame.contentWindow.postMessage({ calends: 'height?' }, origin);
		if (looked && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
		looked = true;
	});
	addEventListener('message', (event) => {
		if (event.origin !== origin || event.source !== frame.contentWindow) return;
		const height = Number(event.data?.calendsHeight);
		if (height > 0 && height < 20000) frame.style.height = `${Math.ceil(height)}px`;
	});
	script.after(frame);
})();
