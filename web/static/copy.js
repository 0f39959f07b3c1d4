// SPDX-License-Identifier: Apache-2.0
// The only script: buttons that copy the text of the element they name. Without it they stay hidden.
for (const button of document.querySelectorAll('button[data-copy]')) {
	if (!navigator.clipboard) break;
	button.hidden = false;
	button.addEventListener('click', async () => {
		const from = document.getElementById(button.dataset.copy);
		await navigator.clipboard.writeText('value' in from ? from.value : from.textContent);
		button.textContent = 'Copied';
		setTimeout(() => { button.textContent = 'Copy'; }, 2000);
	});
}
