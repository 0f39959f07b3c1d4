// SPDX-License-Identifier: Apache-2.0
// The only script: buttons that copy the text of the element they name. Without it they stay hidden. Where the page did
// not come over https there is no clipboard, so the text is selected and copied as by hand.
async function copy(from) {
	if (navigator.clipboard) return navigator.clipboard.writeText(from.textContent);
	getSelection().selectAllChildren(from);
	if (!document.execCommand('copy')) throw new Error('selected only');
}
for (const button of document.querySelectorAll('button[data-copy]')) {
	button.hidden = false;
	button.addEventListener('click', async () => {
		const done = await copy(document.getElementById(button.dataset.copy)).then(() => 'Copied', () => 'Selected');
		button.textContent = done;
		setTimeout(() => { button.textContent = 'Copy'; }, 2000);
	});
}
