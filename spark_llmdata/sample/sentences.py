"""Sentences of our own in six languages, with gaps; a text takes each sentence at most once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from spark_llmdata.sample.material import Article


@dataclass(frozen=True)
class Language:
    """A language: its titles, what its gaps are filled with (by the gap's name), and its sentences."""

    title: str
    fillers: dict[str, tuple[str, ...]]
    sentences: tuple[str, ...]


def _read(title: str, gaps: dict[str, str], sentences: str) -> Language:
    fillers = {name: tuple(option.strip() for option in options.split("|")) for name, options in gaps.items()}
    return Language(title, fillers, tuple(sentences.strip().splitlines()))


LANGUAGES = {
    "de": _read(
        "Besuch {place}",
        {
            "place": "im alten Hafen|in der Backstube|in der Stadtbücherei|auf dem Obsthof|in der Sternwarte|"
            "in der Fahrradwerkstatt|am Leuchtturm|auf dem Wochenmarkt|im Museum|in der Gärtnerei",
            "who": "die Lehrlinge|die Nachbarn|die älteren Frauen|zwei Brüder|die Gäste|die Meisterin|viele Kinder",
            "thing": "die Werkzeuge|die frischen Brote|die seltenen Bücher|die jungen Bäume|die schweren Kisten|"
            "die alten Karten|die bunten Tücher|die kleinen Boote",
            "time": "im Frühling|kurz vor Weihnachten|an langen Sommerabenden|nach dem ersten Frost|jeden Dienstag|"
            "während der Ernte|seit vielen Jahren",
        },
        """
Wer {time} früh genug aufsteht, sieht {place} schon Licht hinter den Fenstern.
Es dauert eine Weile, bis {who} erklärt haben, warum {thing} niemals draußen bleiben dürfen.
Früher wurde hier {time} gefeiert, und {who} erzählen noch heute gern davon.
Niemand weiß genau, woher {thing} stammen, doch alle behandeln sie mit großer Sorgfalt.
Am Eingang hängt ein Schild, auf dem steht, dass {who} nur mit Anmeldung hineindürfen.
Weil das Dach undicht war, mussten {thing} {time} an einen trockenen Ort gebracht werden.
Die Gemeinde hat Geld für neue Fenster versprochen, aber {who} glauben erst daran, wenn sie eingebaut sind.
Ein Heft mit grünem Umschlag liegt neben der Tür, und darin wird jede Veränderung festgehalten.
Man hört {place} wenig laute Worte, denn {who} arbeiten am liebsten schweigend.
Wenn {thing} verkauft sind, wird das Geld gezählt und für schlechte Zeiten zurückgelegt.
Besucher fragen oft nach dem Preis, obwohl {who} lieber über die Arbeit selbst sprechen würden.
Das Wetter entscheidet mehr, als man denkt, und {time} kann sich innerhalb einer Stunde alles ändern.
Im Hinterzimmer steht ein Ofen, an dem sich {who} {time} die Hände wärmen.
Zum Schluss wird gefegt, das Tor wird abgeschlossen, und {thing} kommen zurück in den Schrank.
Ohne die Hilfe von außen wäre es {place} längst still geworden.
Für das nächste Jahr ist ein Kurs geplant, in dem gezeigt wird, wie {thing} gepflegt werden.
""",
    ),
    "fr": _read(
        "Une visite {place}",
        {
            "place": "au vieux port|à la boulangerie|à la bibliothèque|au verger|à l'observatoire|à l'atelier|"
            "au phare|au marché du village|au musée|à la pépinière",
            "who": "les apprentis|les voisins|les anciens du quartier|deux frères|les visiteurs|les bénévoles|"
            "les enfants de l'école",
            "thing": "les outils|les pains encore chauds|les livres rares|les jeunes arbres|les lourdes caisses|"
            "les vieilles cartes|les tissus colorés|les petites barques",
            "time": "au printemps|peu avant Noël|les soirs d'été|après les premières gelées|chaque mardi|"
            "pendant la récolte|depuis de longues années",
        },
        """
Celui qui se lève assez tôt voit déjà de la lumière {place}, surtout {time}.
Il faut un moment avant que {who} expliquent pourquoi {thing} ne restent jamais dehors.
Autrefois on faisait la fête {time}, et {who} en parlent encore avec plaisir.
Personne ne sait d'où viennent exactement {thing}, mais tout le monde les traite avec beaucoup de soin.
À l'entrée, une pancarte rappelle que {who} doivent s'annoncer avant de pousser la porte.
Comme le toit laissait passer la pluie, il a fallu mettre {thing} à l'abri {time}.
La commune a promis de l'argent pour les fenêtres, mais {who} attendent de les voir pour y croire.
Un cahier à la couverture verte est posé près de la porte, et l'on y note chaque changement.
On entend peu de bruit {place}, car {who} préfèrent travailler en silence.
Quand {thing} trouvent preneur, on compte l'argent et on en garde une partie pour les mauvais jours.
Les curieux demandent souvent le prix, alors que {who} aimeraient mieux parler du métier.
Le temps décide de presque tout, et {time} la journée peut changer en moins d'une heure.
Dans la pièce du fond se trouve un poêle où {who} se réchauffent les mains.
À la fin, on balaie le sol, on ferme la grille, et {thing} retournent dans l'armoire.
Sans l'aide des gens de la région, il n'y aurait plus personne {place}.
Un cours est prévu pour l'année prochaine, où l'on montrera comment {thing} sont entretenus.
""",
    ),
    "es": _read(
        "Una visita {place}",
        {
            "place": "al puerto viejo|a la panadería|a la biblioteca|al huerto|al observatorio|al taller|al faro|"
            "al mercado del pueblo|al museo|al vivero",
            "who": "los aprendices|los vecinos|las personas mayores|dos hermanos|los visitantes|los voluntarios|"
            "los niños de la escuela",
            "thing": "las herramientas|las cajas pesadas|las hogazas calientes|las plantas jóvenes|"
            "las barcas pequeñas|las telas de colores|las cartas antiguas|las semillas",
            "time": "en primavera|poco antes de Navidad|en las noches de verano|después de las primeras heladas|"
            "todos los martes|durante la cosecha|desde hace muchos años",
        },
        """
Quien llega temprano {place} encuentra ya las luces encendidas, sobre todo {time}.
Pasa un buen rato hasta que {who} explican por qué {thing} nunca se quedan fuera.
Antes se celebraba una fiesta {time}, y {who} todavía la recuerdan con cariño.
Nadie sabe con certeza de dónde vienen {thing}, pero todos las tratan con mucho cuidado.
En la entrada hay un cartel que dice que {who} tienen que avisar antes de pasar.
Como el tejado dejaba entrar el agua, hubo que llevar {thing} a un lugar seco {time}.
El ayuntamiento prometió dinero para las ventanas, pero {who} no lo creerán hasta verlas puestas.
Junto a la puerta hay un cuaderno de tapas verdes donde se apunta cada cambio con su fecha.
Cuando uno va {place} oye pocas voces, porque {who} prefieren trabajar en silencio.
Si se venden {thing}, el dinero se cuenta y una parte se guarda para los malos tiempos.
Los curiosos preguntan por el precio, aunque {who} preferirían hablar del oficio.
El tiempo manda más de lo que parece, y {time} todo puede cambiar en menos de una hora.
En el cuarto del fondo hay una estufa donde {who} se calientan las manos.
Al final se barre el suelo, se cierra la verja y {thing} vuelven al armario.
Sin la ayuda de la gente de la comarca ya no iría nadie {place}.
Para el año que viene se prepara un curso en el que se enseñará cómo se cuidan {thing}.
""",
    ),
    "it": _read(
        "Una visita {place}",
        {
            "place": "al vecchio porto|al forno|alla biblioteca|al frutteto|all'osservatorio|all'officina|al faro|"
            "al mercato del paese",
            "who": "gli apprendisti|i vicini|gli anziani del quartiere|due fratelli|i visitatori|i volontari",
            "thing": "gli attrezzi|le casse pesanti|i libri rari|gli alberi giovani|le vecchie mappe|le piccole barche",
            "time": "in primavera|poco prima di Natale|nelle sere d'estate|dopo le prime gelate|ogni martedì|"
            "durante il raccolto",
        },
        """
Chi arriva presto {place} trova già le luci accese, soprattutto {time}.
Ci vuole un po' prima che {who} spieghino perché {thing} non restano mai fuori.
Una volta si faceva festa {time}, e {who} ne parlano ancora volentieri.
Nessuno sa di preciso da dove vengano {thing}, ma tutti ne hanno molta cura.
All'ingresso un cartello ricorda che {who} devono avvisare prima di entrare.
Siccome il tetto lasciava passare la pioggia, hanno dovuto spostare {thing} {time}.
Il comune ha promesso dei soldi per le finestre, ma {who} aspettano di vederle per crederci.
Accanto alla porta c'è un quaderno dalla copertina verde in cui si scrive ogni cambiamento.
Quando {thing} trovano un compratore si conta il denaro e una parte si mette da parte per i tempi peggiori.
I curiosi chiedono spesso il prezzo, anche se {who} preferirebbero parlare del mestiere.
Il tempo decide più di quanto sembri, e {time} tutto può cambiare in meno di un'ora.
Nella stanza in fondo c'è una stufa dove {who} si scaldano le mani.
Alla fine si spazza il pavimento, si chiude il cancello e {thing} tornano nell'armadio.
Per l'anno prossimo è previsto un corso in cui si mostrerà come si conservano {thing}.
""",
    ),
    "nl": _read(
        "Een bezoek {place}",
        {
            "place": "aan de oude haven|aan de bakkerij|aan de bibliotheek|aan de boomgaard|aan de sterrenwacht|"
            "aan de werkplaats|aan de vuurtoren|aan de weekmarkt",
            "who": "de leerlingen|de buren|de oudere dorpsbewoners|twee broers|de bezoekers|de vrijwilligers",
            "thing": "de gereedschappen|de zware kisten|de zeldzame boeken|de jonge bomen|de oude kaarten|de bootjes",
            "time": "in het voorjaar|vlak voor Kerstmis|op lange zomeravonden|na de eerste vorst|elke dinsdag|"
            "tijdens de oogst",
        },
        """
Wie vroeg genoeg opstaat en een bezoek brengt {place}, ziet {time} al licht achter de ramen.
Het duurt even voordat {who} hebben uitgelegd waarom {thing} nooit buiten mogen blijven.
Vroeger werd hier {time} feest gevierd, en {who} vertellen daar nog graag over.
Niemand weet precies waar {thing} vandaan komen, maar iedereen gaat er heel voorzichtig mee om.
Bij de ingang hangt een bordje waarop staat dat {who} zich eerst moeten melden.
Omdat het dak lekte, moesten {thing} {time} naar een droge plek worden gebracht.
De gemeente heeft geld voor nieuwe ramen beloofd, maar {who} geloven het pas als ze erin zitten.
Naast de deur ligt een schrift met een groene kaft waarin elke verandering wordt opgeschreven.
Als {thing} verkocht zijn, wordt het geld geteld en voor slechte tijden opzijgelegd.
Nieuwsgierige mensen vragen naar de prijs, hoewel {who} liever over het werk zelf praten.
Het weer bepaalt meer dan je denkt, en {time} kan alles binnen een uur veranderen.
In de achterkamer staat een kachel waaraan {who} hun handen warmen.
Tot slot wordt er geveegd, het hek gaat op slot en {thing} gaan terug in de kast.
Voor volgend jaar staat een cursus gepland waarin wordt getoond hoe je {thing} onderhoudt.
""",
    ),
    "pt": _read(
        "Uma visita {place}",
        {
            "place": "ao porto velho|à padaria|à biblioteca|ao pomar|ao observatório|à oficina|ao farol|"
            "ao mercado da vila",
            "who": "os aprendizes|os vizinhos|as pessoas mais velhas|dois irmãos|os visitantes|os voluntários",
            "thing": "as ferramentas|as caixas pesadas|as árvores novas|as cartas antigas|as barcas pequenas|"
            "as sementes",
            "time": "na primavera|pouco antes do Natal|nas noites de verão|depois das primeiras geadas|"
            "todas as terças-feiras|durante a colheita",
        },
        """
Quem chega cedo {place} encontra já as luzes acesas, sobretudo {time}.
Demora um pouco até que {who} expliquem por que {thing} nunca ficam lá fora.
Antigamente fazia-se uma festa {time}, e {who} ainda falam dela com saudade.
Ninguém sabe ao certo de onde vieram {thing}, mas todos lhes dão muita atenção.
Na entrada há um letreiro a dizer que {who} têm de avisar antes de entrar.
Como o telhado deixava passar a chuva, foi preciso levar {thing} para um lugar seco {time}.
A câmara prometeu dinheiro para as janelas, mas {who} só vão acreditar quando as virem.
Junto à porta está um caderno de capa verde onde se escreve cada mudança com a data.
Quando {thing} são vendidas, conta-se o dinheiro e guarda-se uma parte para os tempos difíceis.
Os curiosos perguntam pelo preço, embora {who} preferissem falar do ofício.
O tempo manda mais do que parece, e {time} tudo pode mudar em menos de uma hora.
No quarto dos fundos há um fogão onde {who} aquecem as mãos.
No fim varre-se o chão, fecha-se o portão e {thing} voltam para o armário.
Para o ano está previsto um curso em que se mostrará como se tratam {thing}.
""",
    ),
}

#: Sentences of a text, at least; which languages a corpus keeps is the recipe's business.
MIN_SENTENCES = 9


def write_article(language: str, number: int) -> Article:
    """The article of that number: a title and three or four paragraphs of 120 to 250 words; always the same."""
    known = LANGUAGES[language]

    def fill(template: str) -> str:
        gaps = {name: pick(options, language, number, template, name) for name, options in known.fillers.items()}
        text = template.format(**gaps)
        return text[0].upper() + text[1:]

    order = sorted(known.sentences, key=lambda s: hashlib.sha256(f"{language} {number} {s}".encode()).digest())
    chosen = [fill(s) for s in order[: MIN_SENTENCES + number % 4]]
    paragraphs = tuple(" ".join(chosen[i : i + 3]) for i in range(0, len(chosen), 3))
    return Article(f"{fill(known.title)}, {number}", paragraphs)


def pick(options: Sequence[str], *key: object) -> str:
    """One of the options, always the same for the same key and with every version of Python."""
    return options[int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big") % len(options)]
