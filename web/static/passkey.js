// SPDX-License-Identifier: Apache-2.0
// Passkeys (Web Authentication): a button that asks the browser for one, and sends its answer with the form that it is in.
// Without this script, or where the browser knows no passkeys, the button stays hidden and its text says so.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (octets) => btoa(String.fromCharCode(...new Uint8Array(octets))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const known = (ids) => ids.split(' ').filter(Boolean).map((id) => ({ type: 'public-key', id: bytes(id) }));

async function made({ challenge, rp, rpName, ids, verify, algorithms, user, userName }) {
	const { rawId, response } = await navigator.credentials.create({ publicKey: {
		challenge: bytes(challenge), rp: { id: rp, name: rpName }, attestation: 'none', excludeCredentials: known(ids),
		user: { id: bytes(user), name: userName, displayName: userName },
		pubKeyCredParams: algorithms.split(' ').map((alg) => ({ type: 'public-key', alg: Number(alg) })),
		authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: verify },
	} });
	return { passkey_id: rawId, passkey_client_data: response.clientDataJSON, passkey_attestation: response.attestationObject };
}

async function used({ challenge, rp, ids, verify }) {
	const { rawId, response } = await navigator.credentials.get({ publicKey: {
		challenge: bytes(challenge), rpId: rp, allowCredentials: known(ids), userVerification: verify,
	} });
	return { passkey_id: rawId, passkey_client_data: response.clientDataJSON, passkey_data: response.authenticatorData,
		passkey_signature: response.signature, passkey_user: response.userHandle ?? new ArrayBuffer(0) };
}

for (const part of window.PublicKeyCredential ? document.querySelectorAll('.passkey') : []) {
	const [button, alert, without] = ['button', '.field-error', '.hint'].map((found) => part.querySelector(found));
	button.hidden = false;
	without.hidden = true;
	button.addEventListener('click', async () => {
		const form = button.form;
		if (part.dataset.does === 'create' && !form.reportValidity()) return;
		alert.hidden = true;
		button.disabled = true;
		try {
			const answer = await (part.dataset.does === 'create' ? made : used)(part.dataset);
			for (const [name, octets] of Object.entries(answer)) form.elements[name].value = text(octets);
			form.submit();
		} catch {
			alert.hidden = false;
			button.disabled = false;
		}
	});
}
