"""What the pages for invited persons say, in each language."""

from __future__ import annotations

from collections.abc import Mapping

ASK: Mapping[str, Mapping[str, str]] = {
    "en": {
        "consent_title": "May this recording be shown?",
        "testimony_title": "A testimony for {candidate}",
        "evaluation_title": "An evaluation for {candidate}",
        "withdrawal_title": "Withdraw your consent",
        "consent_lead": "{candidate} is preparing a certification as a business mentor at"
        " {certifier}, and asks for your consent to show a recording in which you are heard or"
        " seen.",
        "testimony_lead": "{candidate} is preparing a certification as a business mentor at"
        " {certifier}, and asks you to write what you experienced or saw.",
        "evaluation_lead": "{candidate} is preparing a certification as a business mentor at"
        " {certifier}, and asks how you experienced the mentoring.",
        "withdrawal_lead": "You agreed that {candidate} shows a recording, in which you are heard"
        " or seen, at {certifier}.",
        "about": "What it is about",
        "title": "Title",
        "practised_on": "Date",
        "you_are": "In the portfolio you are called",
        "recordings": "Recordings",
        "none_yet": "The recording itself has not been handed in yet.",
        "audio": "sound",
        "video": "film",
        "given_on": "You agreed on",
        "know": "What you should know",
        "who_sees": "Who can see and hear it: {candidate}; the referent mentors who assess the"
        " portfolio or validate this part of it; and those at {certifier} who look after the case,"
        " verify and decide. Each time one of them opens it, that is recorded.",
        "training": "If you choose to allow it for training too: also referents in training.",
        "how_long": "How long it is kept: for the certification and the time in which one can"
        " appeal against it, as the retention rules of {certifier} say. Recordings have the"
        " shortest time of all; then they are deleted.",
        "voluntary": "It is voluntary. If you decline, nothing happens to you, and {candidate}"
        " learns only that you declined.",
        "withdrawable": "You can withdraw your consent at any time, without a reason. You will get"
        " a link for that by mail. From that moment on nobody can open the recording here.",
        "name_seen": "Your name is kept with your consent. {candidate} and {certifier} can see it.",
        "testimony_read": "Who reads it: {candidate}, the referent mentors who assess the"
        " portfolio, and those at {certifier} who verify and decide. They see your name too.",
        "testimony_fixed": "What you sign stays as it is. {candidate} can read it, but never change"
        " it; nor can you, so please read it once more before you sign.",
        "testimony_voluntary": "It is voluntary. If you prefer not to, say so below.",
        "testimony_kept": "It is kept as long as the portfolio it belongs to. Please do not write"
        " about health, family or other people's affairs.",
        "withdrawal_what": "From the moment you withdraw it, nobody can open the recording here any"
        " more, and nothing counts because of it.",
        "withdrawal_kept": "That it was submitted, and that you withdrew, stays on record; a"
        " decision that was made before is not undone.",
        "indicators": "{candidate} would like you to speak about",
        "answer": "Your answer",
        "scope": "What I agree to",
        "scope_assessment": "Showing it for the assessment of this portfolio",
        "scope_assessment_and_training": "Showing it for the assessment, and for the training of"
        " referent mentors",
        "agree": "I have understood this, and agree that the recording is shown as chosen above.",
        "your_name": "Your name",
        "name_hint": "Typing your name here is your signature; the date is added.",
        "give": "Give my consent",
        "decline": "I do not agree",
        "decline_testimony": "I would rather not write",
        "words": "Your words",
        "words_hint": "What was the occasion, what did {candidate} do, and what came of it? Up to"
        " 10,000 characters.",
        "sign": "Sign and send",
        "withdraw": "Withdraw my consent",
        "mend": "Please complete this:",
        "mend_name": "Type your name.",
        "mend_agree": "Choose what you agree to, and tick that you have understood.",
        "mend_words": "Write a few words, up to 10,000 characters.",
        "mend_answers": "Answer each question.",
        "closed_title": "This link cannot be used",
        "closed": "It may have been used already, taken back, or its time may be over. If you"
        " received more than one letter, please use the link in the newest one.",
        "closed_do": "If you still want to answer, ask the mentor who invited you to send the"
        " invitation again. If you want to withdraw a consent and the link in your letter does not"
        " work, write to the certification body named in the letter: they will do it for you.",
    },
    "fr": {
        "consent_title": "Cet enregistrement peut-il être présenté ?",
        "testimony_title": "Un témoignage pour {candidate}",
        "evaluation_title": "Une évaluation pour {candidate}",
        "withdrawal_title": "Retirer votre accord",
        "consent_lead": "{candidate} prépare une certification de mentor d’entreprise auprès de"
        " {certifier} et demande votre accord pour présenter un enregistrement où l’on vous entend"
        " ou vous voit.",
        "testimony_lead": "{candidate} prépare une certification de mentor d’entreprise auprès de"
        " {certifier} et vous demande d’écrire ce que vous avez vécu ou vu.",
        "evaluation_lead": "{candidate} prépare une certification de mentor d’entreprise auprès de"
        " {certifier} et vous demande comment vous avez vécu le mentorat.",
        "withdrawal_lead": "Vous avez accepté que {candidate} présente à {certifier} un"
        " enregistrement où l’on vous entend ou vous voit.",
        "about": "De quoi il s’agit",
        "title": "Titre",
        "practised_on": "Date",
        "you_are": "Dans le dossier, vous êtes désigné(e) par",
        "recordings": "Enregistrements",
        "none_yet": "L’enregistrement lui-même n’a pas encore été déposé.",
        "audio": "son",
        "video": "film",
        "given_on": "Accord donné le",
        "know": "Ce que vous devez savoir",
        "who_sees": "Qui peut le voir et l’entendre : {candidate} ; les mentors référents qui"
        " évaluent le dossier ou en valident cette partie ; et les personnes de {certifier} qui"
        " suivent le dossier, vérifient et décident. Chaque ouverture par l’un d’eux est"
        " consignée.",
        "training": "Si vous l’acceptez aussi pour la formation : également les mentors référents"
        " en formation.",
        "how_long": "Durée de conservation : le temps de la certification et des recours possibles,"
        " selon les règles de conservation de {certifier}. Les enregistrements ont la durée la plus"
        " courte ; ils sont ensuite supprimés.",
        "voluntary": "C’est volontaire. Si vous refusez, cela n’a aucune conséquence pour vous, et"
        " {candidate} apprend seulement que vous avez refusé.",
        "withdrawable": "Vous pouvez retirer votre accord à tout moment, sans donner de raison."
        " Vous recevrez pour cela un lien par courriel. Dès cet instant, personne ne peut plus"
        " ouvrir l’enregistrement ici.",
        "name_seen": "Votre nom est conservé avec votre accord. {candidate} et {certifier} peuvent"
        " le voir.",
        "testimony_read": "Qui le lit : {candidate}, les mentors référents qui évaluent le dossier,"
        " et les personnes de {certifier} qui vérifient et décident. Ils voient aussi votre nom.",
        "testimony_fixed": "Ce que vous signez reste tel quel. {candidate} peut le lire, mais ne"
        " peut jamais le modifier ; vous non plus, alors relisez-vous avant de signer.",
        "testimony_voluntary": "C’est volontaire. Si vous préférez ne pas le faire, dites-le"
        " ci-dessous.",
        "testimony_kept": "Il est conservé aussi longtemps que le dossier dont il fait partie."
        " Merci de ne rien écrire sur la santé, la famille ou les affaires d’autres personnes.",
        "withdrawal_what": "Dès que vous retirez votre accord, personne ne peut plus ouvrir"
        " l’enregistrement ici, et plus rien ne compte grâce à lui.",
        "withdrawal_kept": "Le fait qu’il a été déposé et que vous avez retiré votre accord reste"
        " consigné ; une décision déjà prise n’est pas annulée.",
        "indicators": "{candidate} aimerait que vous parliez de ceci",
        "answer": "Votre réponse",
        "scope": "Ce que j’accepte",
        "scope_assessment": "La présentation pour l’évaluation de ce dossier",
        "scope_assessment_and_training": "La présentation pour l’évaluation, et pour la formation"
        " de mentors référents",
        "agree": "J’ai compris ces informations et j’accepte que l’enregistrement soit présenté"
        " comme choisi ci-dessus.",
        "your_name": "Votre nom",
        "name_hint": "Écrire votre nom ici vaut signature ; la date est ajoutée.",
        "give": "Donner mon accord",
        "decline": "Je refuse",
        "decline_testimony": "Je préfère ne pas écrire",
        "words": "Votre texte",
        "words_hint": "Quelle était l’occasion, qu’a fait {candidate}, et qu’en est-il résulté ?"
        " 10 000 caractères au plus.",
        "sign": "Signer et envoyer",
        "withdraw": "Retirer mon accord",
        "mend": "Merci de compléter :",
        "mend_name": "Écrivez votre nom.",
        "mend_agree": "Choisissez ce que vous acceptez et cochez que vous avez compris.",
        "mend_words": "Écrivez quelques mots, 10 000 caractères au plus.",
        "mend_answers": "Répondez à chaque question.",
        "closed_title": "Ce lien ne peut pas être utilisé",
        "closed": "Il a peut-être déjà servi, a été annulé, ou son délai est passé. Si vous avez"
        " reçu plusieurs courriels, utilisez le lien du plus récent.",
        "closed_do": "Si vous souhaitez encore répondre, demandez au mentor qui vous a invité(e) de"
        " renvoyer l’invitation. Si vous voulez retirer un accord et que le lien de votre courriel"
        " ne fonctionne pas, écrivez à l’organisme de certification nommé dans le courriel : il le"
        " fera pour vous.",
    },
}

DONE_WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "consented": (
            "Thank you: your consent is noted",
            "You will get a letter with a link by which you can withdraw it at any time. Please"
            " keep that letter; your address is deleted here once it is sent.",
        ),
        "declined": (
            "Your answer is noted",
            "You declined; nothing more is asked of you. Your address has been deleted here.",
        ),
        "testified": (
            "Thank you: your words are signed and kept",
            "Nobody can change them now. Your address has been deleted here.",
        ),
        "withdrawn": (
            "Your consent is withdrawn",
            "From now on nobody can open the recording here. The mentor can see that it no longer"
            " counts; a reason was neither asked nor given.",
        ),
    },
    "fr": {
        "consented": (
            "Merci : votre accord est enregistré",
            "Vous recevrez un courriel avec un lien qui vous permet de le retirer à tout moment."
            " Merci de le conserver ; votre adresse est effacée ici dès son envoi.",
        ),
        "declined": (
            "Votre réponse est enregistrée",
            "Vous avez refusé ; plus rien ne vous est demandé. Votre adresse a été effacée ici.",
        ),
        "testified": (
            "Merci : votre texte est signé et conservé",
            "Personne ne peut plus le modifier. Votre adresse a été effacée ici.",
        ),
        "withdrawn": (
            "Votre accord est retiré",
            "Désormais, personne ne peut ouvrir l’enregistrement ici. Le mentor peut voir qu’il ne"
            " compte plus ; aucune raison n’a été demandée ni donnée.",
        ),
    },
}
