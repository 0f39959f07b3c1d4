// SPDX-License-Identifier: Apache-2.0
// Buttons that copy the text of the element they name, one for each block of code. Without this script they stay hidden.
// Where the page did not come over https there is no clipboard, so the text is selected and copied as by hand.
async function copy(from) {
	if (navigator.clipboard) return navigator.clipboard.writeText(from.textContent);
	getSelection().selectAllChildren(from);
	if (!document.execCommand('copy')) throw new Error('selected only');
}
function copies(button, from) {
	const { done = 'Copied', selected = 'Selected' } = button.closest('[data-done]')?.dataset ?? {}, word = button.textContent; // a table says it once
	button.hidden = false;
	button.addEventListener('click', async () => {
		button.textContent = await copy(from).then(() => done, () => selected);
		setTimeout(() => { button.textContent = word; }, 2000);
	});
}
for (const button of document.querySelectorAll('button[data-copy]'))
	copies(button, button.dataset.copy ? document.getElementById(button.dataset.copy) : button.previousElementSibling);
for (const button of document.querySelectorAll('.code > button'))
	copies(button, button.parentElement.querySelector('code'));

// Examples in several languages: who chose one sees it on all of them, and on the next page too.
const languages = [...document.querySelectorAll('.tabbed > input')];
function choose(language) {
	for (const input of languages)
		if (input.nextElementSibling.textContent === language) input.checked = true;
}
for (const input of languages)
	input.addEventListener('change', () => {
		const language = input.nextElementSibling.textContent;
		choose(language);
		try { localStorage.setItem('language', language); } catch { /* a browser that keeps nothing */ }
	});
try { choose(localStorage.getItem('language')); } catch { /* the same */ }

// A menu of a row closes when something else is chosen, and by Escape, which gives the focus back to its button.
const open = () => document.querySelector('details.menu[open]');
document.addEventListener('click', (event) => {
	for (const menu of document.querySelectorAll('details.menu[open]'))
		if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', (event) => {
	const menu = event.key === 'Escape' && open();
	if (!menu) return;
	menu.open = false;
	menu.querySelector('summary').focus();
});

// A file that is too large is told before it is sent.
for (const input of document.querySelectorAll('input[type=file][data-most]'))
	input.addEventListener('change', () => {
		const large = [...input.files].some((file) => file.size > Number(input.dataset.most));
		input.setCustomValidity(large ? input.dataset.tooLarge : '');
		input.reportValidity();
	});

// Where a time zone is asked for and nobody chose one yet, the browser's own stands there.
for (const input of document.querySelectorAll('input[data-own-zone]'))
	input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || input.value;
// Whoever presses twice sends a form once; after a while, or on the way back to the page, it goes again.
document.addEventListener('submit', (event) => {
	const form = event.target;
	if (event.defaultPrevented || form.method !== 'post') return;
	if ('sent' in form.dataset) return event.preventDefault();
	form.dataset.sent = '';
	setTimeout(() => delete form.dataset.sent, 3000);
});
addEventListener('pageshow', () => {
	for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});
